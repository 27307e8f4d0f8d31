internal import AuthCache

extension Requirement {
  /// What a backend that may answer from memory must keep to, whatever remembers.
  static let staleness: [Requirement] = [
    Requirement(
      "record.read.staleWithinBound", .concurrency,
      "What one handle wrote or removed every other handle sees once the declared bound of staleness has passed.",
      consequence: "A user who logged out on one instance stays logged in on another for as long as its cache likes.",
      likelyCause: "The time in the cache is that of the record's life, or begins anew with every read.",
      references: ["AspNetCore.Docs#34224", "ocis#3521", "litellm#26729"], needs: [.shared, .injectedClock]
    ) { trial in
      let (writer, reader) = (try await trial.open(), try await trial.open())
      let bound: Duration = if case .stale(let bound) = trial.properties.consistency { bound } else { .zero }
      for round in 0..<4 {
        let life: Duration = bound * 3 + .seconds(600)
        for record in [trial.session(life: life), trial.record(.client, life: nil)] {
          let lookups = record.lookups
          for lookup in lookups {
            trial.expect(try await reader.load(lookup), equals: nil, "what was never stored is absent")
          }
          try await writer.store(record)
          try await trial.advance(by: bound)
          for lookup in lookups {
            trial.expect(try await reader.load(lookup), equals: record, "the other handle finds what was stored")
          }
          if round.isMultiple(of: 2) {
            trial.expect(try await writer.remove(record.id), equals: true, "a live record is removed")
          } else {
            trial.expect(try await writer.consume(record.id), equals: record, "a live record is consumed")
          }
          // Read all the while: a read must not renew what is remembered.
          for _ in 0..<4 {
            for lookup in lookups { _ = try await reader.load(lookup) }
            try await trial.advance(by: bound / 4)
          }
          for lookup in lookups {
            trial.expect(try await reader.load(lookup), equals: nil, "the other handle finds it no more")
          }
        }
      }
    }
  ]
}
