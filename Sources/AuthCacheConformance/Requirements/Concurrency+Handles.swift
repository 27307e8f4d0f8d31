internal import AuthCache

extension Requirement {
  /// Several handles on one store.
  static let sharedRaces: [Requirement] = [
    Requirement(
      "code.consume.onceAcrossHandles", .concurrency,
      "Of many tasks that consume one code through several handles at once exactly one receives it.",
      consequence: "Behind a load balancer one code is redeemed once on every instance.",
      likelyCause: "What makes the consumption atomic is a lock inside the handle.",
      references: ["RFC 6749 §4.1.2", "goiabada#77"], needs: [.shared]
    ) { trial in
      let handles = [try await trial.open(), try await trial.open(), try await trial.open()]
      for _ in 0..<15 {
        let code = trial.record(.code)
        try await handles[0].store(code)
        let answers = try await trial.concurrently(12) { try await handles[$0 % handles.count].consume(code.id) }
        trial.expect(answers.compactMap { $0 }, equals: [code], "one of twelve consumers on three handles receives it")
      }
    },
    Requirement(
      "record.store.visibleAcrossHandles", .concurrency,
      "Once a store has been acknowledged every handle finds the record, also one that looked for it in vain before.",
      consequence: "The login completes on one instance and the next request, on another, is sent back to log in.",
      likelyCause: "A handle remembers what it did not find.", references: ["litellm#26729"],
      needs: [.shared, .linearizable]
    ) { trial in
      let (writer, reader) = (try await trial.open(), try await trial.open())
      for _ in 0..<20 {
        let session = trial.session()
        for lookup in session.lookups {
          trial.expect(try await reader.load(lookup), equals: nil, "what was never stored is absent")
        }
        try await writer.store(session)
        for lookup in session.lookups {
          trial.expect(try await reader.load(lookup), equals: session, "the other handle finds what was stored")
        }
        let next = session.replacing(revision: trial.revision(), payload: Payload(trial.entropy.bytes(16)))
        trial.expect(try await reader.replace(session, with: next), equals: true, "the other handle may replace it")
        trial.expect(try await writer.load(session.id), equals: next, "the first handle finds the successor")
      }
    },
    Requirement(
      "record.remove.goneAcrossHandles", .concurrency,
      "Once a record has been removed no handle finds it, also one that loaded it before.",
      consequence: "After a logout the session is still served by the other instances.",
      likelyCause: "A handle remembers what it found.", references: ["AspNetCore.Docs#34224", "ocis#3521"],
      needs: [.shared, .linearizable]
    ) { trial in
      let (writer, reader) = (try await trial.open(), try await trial.open())
      for round in 0..<20 {
        let session = trial.session()
        try await writer.store(session)
        for lookup in session.lookups {
          trial.expect(try await reader.load(lookup), equals: session, "the other handle finds what was stored")
        }
        if round.isMultiple(of: 2) {
          trial.expect(try await writer.remove(session.id), equals: true, "a live record is removed")
        } else {
          trial.expect(try await writer.consume(session.id), equals: session, "a live record is consumed")
        }
        for lookup in session.lookups {
          trial.expect(try await reader.load(lookup), equals: nil, "the other handle finds it no more")
        }
        trial.expect(
          try await reader.extend(session.id, to: trial.now + .seconds(3_600)), equals: false,
          "the other handle can't extend it")
      }
    },
  ]

  /// Several processes on one store.
  static let processRaces: [Requirement] = [
    Requirement(
      "code.consume.onceAcrossProcesses", .concurrency,
      "Of many tasks in several processes that consume the same codes each code goes to exactly one.",
      consequence: "Two server processes redeem the same code, and whoever stole it is logged in beside its owner.",
      likelyCause: "What makes the consumption atomic is a lock inside the process.",
      references: ["RFC 6749 §4.1.2"], needs: [.shared, .child]
    ) { trial in
      let backend = try await trial.open()
      let series = RecordSeries(trial)
      let count = 100
      try await backend.storeEach((0..<count).map(series.code))
      let children = try await trial.spawnTogether(3, .consumeCodes) { _ in
        series.arguments(["count": "\(count)", "tasks": "2"])
      }
      var winners: [Int: Int] = [:]
      for child in children {
        for await line in child.lines {
          let words = line.split(separator: " ")
          trial.expect(words.first == "won", "what a child receives is what was stored")
          if let number = words.last.flatMap({ Int($0) }) { winners[number, default: 0] += 1 }
        }
        try await trial.finish(child)
      }
      let wrong = (0..<count).filter { winners[$0] != 1 }
      trial.expect(
        wrong.isEmpty, "each of \(count) codes goes to one consumer of three processes", expected: "1 winner each",
        found: wrong.map { "code \($0): \(winners[$0] ?? 0) winners" }.joined(separator: ", "))
    }
  ]
}
