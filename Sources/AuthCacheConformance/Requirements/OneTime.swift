internal import AuthCache

extension Requirement {
  static let oneTime: [Requirement] = [
    Requirement(
      "code.consume.once", .oneTime,
      "Of many tasks that consume one record at once exactly one receives it.",
      consequence: "Two callbacks redeem the same code, and whoever stole it is logged in beside its owner.",
      likelyCause: "The record is read in one call and deleted in another.",
      references: ["RFC 6749 §4.1.2", "oauthlib#618", "supabase/auth#2613"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<20 {
        let record = trial.record(.code)
        try await backend.store(record)
        let answers = try await trial.concurrently(16) { _ in try await backend.consume(record.id) }
        trial.expect(answers.compactMap { $0 }, equals: [record], "one of sixteen consumers receives the record")
      }
    }
  ]
}
