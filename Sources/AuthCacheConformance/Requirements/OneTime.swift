internal import AuthCache

extension Requirement {
  static let oneTime: [Requirement] = [
    Requirement(
      "code.consume.once", .oneTime,
      "Of many tasks that consume one record at once exactly one receives it.",
      consequence: "Two callbacks redeem the same code, and whoever stole it is logged in beside its owner.",
      likelyCause: "The record is read in one call and deleted in another.",
      references: ["RFC 6749 §4.1.2", "oauthlib#618", "supabase/auth#2613", "goiabada#77"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<20 {
        let record = trial.record(.code)
        try await backend.store(record)
        let answers = try await trial.concurrently(16) { _ in try await backend.consume(record.id) }
        trial.expect(answers.compactMap { $0 }, equals: [record], "one of sixteen consumers receives the record")
      }
    },
    Requirement(
      "code.consume.returnsRecord", .oneTime,
      "Consume hands over the whole record.",
      consequence: "The code is burnt and its redirect URI and challenge are lost.",
      likelyCause: "The delete returns a count, and the record is not read in the same unit."
    ) { trial in
      let backend = try await trial.open()
      for kind in [RecordKind.state, .verifier, .code] {
        let record = trial.record(kind, groups: Groups(grant: trial.digest()))
        try await backend.store(record)
        trial.expect(
          try await backend.consume(record.id), equals: record, "consume answers the \(kind) as it was stored")
      }
    },
    Requirement(
      "code.consume.secondFindsNothing", .oneTime,
      "A second consume answers nil.",
      consequence: "A code from the browser's history logs in again.",
      likelyCause: "The delete is deferred, or its result is thrown away.",
      references: ["RFC 6749 §10.5", "everruns#2427"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.state)
      try await backend.store(record)
      _ = try await backend.consume(record.id)
      trial.expect(try await backend.consume(record.id), equals: nil, "the second consume finds nothing")
      trial.expect(try await backend.load(record.id), equals: nil, "load finds nothing either")
      trial.expect(
        try await backend.extend(record.id, to: trial.now + .seconds(900)), equals: false,
        "extend does not bring it back")
      trial.expect(try await backend.remove(record.id), equals: false, "there is nothing to remove")
    },
    Requirement(
      "code.consume.absent", .oneTime,
      "Consume of what was never stored answers nil and throws nothing.",
      consequence: "A forged callback is a server error instead of a refusal.",
      likelyCause: "No row is taken for a failure."
    ) { trial in
      let backend = try await trial.open()
      trial.expect(try await backend.consume(.id(.code, trial.digest())), equals: nil, "nothing is there to consume")
    },
    Requirement(
      "code.consume.onlyOne", .oneTime,
      "Consume takes one record and leaves its neighbours of the same kind.",
      consequence: "One callback breaks everybody else's login.",
      likelyCause: "The delete lacks the id, or matches a prefix."
    ) { trial in
      let backend = try await trial.open()
      let codes = (0..<6).map { _ in trial.record(.code) }
      for code in codes { try await backend.store(code) }
      _ = try await backend.consume(codes[2].id)
      for (index, code) in codes.enumerated() where index != 2 {
        trial.expect(try await backend.load(code.id), equals: code, "a neighbour is still there")
      }
    },
    Requirement(
      "code.remove.once", .oneTime,
      "Of many tasks that remove one record at once exactly one is told true.",
      consequence: "Whoever counts on the answer of a delete redeems twice.",
      likelyCause: "The answer comes from a look beforehand.",
      references: ["everruns#2427"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<20 {
        let record = trial.record(.code)
        try await backend.store(record)
        let answers = try await trial.concurrently(12) { _ in try await backend.remove(record.id) }
        trial.expect(answers.count { $0 }, equals: 1, "one of twelve removals answers true")
      }
    },
    Requirement(
      "code.consume.orRemove", .oneTime,
      "Of a consume and a remove of one record at once exactly one has it.",
      consequence: "A revoked code is redeemed all the same.",
      likelyCause: "Consume reads before it deletes."
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<20 {
        let record = trial.record(.code)
        try await backend.store(record)
        let answers = try await trial.concurrently(8) { number in
          number % 2 == 0 ? try await backend.consume(record.id) != nil : try await backend.remove(record.id)
        }
        trial.expect(answers.count { $0 }, equals: 1, "one of four consumers and four removers has it")
      }
    },
  ]
}
