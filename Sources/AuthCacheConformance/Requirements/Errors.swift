internal import AuthCache

extension Requirement {
  static let errors: [Requirement] = refusals + outages + cancellations

  /// What a backend refuses.
  private static let refusals: [Requirement] = [
    Requirement(
      "lookup.alias.unsupported", .errors,
      "A backend that keeps no aliases throws `unsupported` for a record with one and for a lookup by one.",
      consequence: "Every request with a valid token is answered as if nobody were logged in.",
      likelyCause: "A lookup by what is not kept finds nothing.", needs: [.noAliases]
    ) { trial in
      let backend = try await trial.open()
      let plain = trial.record(.session)
      try await backend.store(plain)
      let aliased = trial.record(.session, aliases: Aliases(accessToken: trial.digest()))
      let next = plain.replacing(revision: trial.revision(), aliases: aliased.aliases)
      await trial.expectError(
        .unsupported, effect: AuthCacheError.Effect.none,
        of: [.store(aliased), .insert(aliased), .replace(plain, with: next)], on: backend, "of a record with an alias")
      for lookup in [Lookup.accessToken(trial.digest()), .refreshToken(trial.digest())] {
        await trial.expectError(
          .unsupported, effect: AuthCacheError.Effect.none,
          of: [.load(lookup), .consume(lookup), .extend(lookup, to: trial.now + .seconds(60)), .remove(lookup)],
          on: backend, "by \(lookup.field.rawValue)")
      }
      trial.expect(try await backend.load(plain.id), equals: plain, "what is stored without aliases is untouched")
    },
    Requirement(
      "bulk.store.tooLarge", .errors,
      "A batch with one payload that is too large throws `tooLarge`, and none of it is stored.",
      consequence: "Half of a batch is there and nobody knows which half.",
      likelyCause: "The batch is tested record by record while it is written.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let limit = trial.properties.maxPayload
      guard limit <= 64 << 20 else { return }
      let small = (0..<3).map { _ in trial.record(.session) }
      let large = trial.record(.session, payload: [UInt8](repeating: 7, count: limit + 1))
      await trial.expectError(
        .tooLarge, effect: AuthCacheError.Effect.none, of: [.storeContents([small[0], small[1], large, small[2]])],
        on: backend, "with one payload that is too large")
      for record in small { trial.expect(try await backend.load(record.id), equals: nil, "nothing of it is there") }
    },
    Requirement(
      "error.report.namesOperation", .errors,
      "An error names the operation that failed and the kind of record, in its fields and in its text.",
      consequence: "A log says that something failed, and nobody can tell what.",
      likelyCause: "Errors are made in a common place that does not know what was asked."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.verifier)
      try await backend.store(record)
      if trial.properties.maxPayload <= 16 << 20 {
        let large = [UInt8](repeating: 7, count: trial.properties.maxPayload + 1)
        try await trial.expectNames(in: .store(trial.record(.verifier, payload: large)), on: backend)
      }
      try await backend.close()
      let sweep = BackendCall.removeExpired(through: trial.now, limit: 10)
      for call in [.load(record.id), .remove(record.id), sweep] { try await trial.expectNames(in: call, on: backend) }
    },
  ]
}

extension Trial {
  /// Records a breach if the error of `call` does not name it. That there is one, other requirements ask.
  fileprivate func expectNames(in call: BackendCall, on backend: any AuthCacheBackend) async throws {
    guard let error = try await CallEnding(of: { try await backend.perform(call) }).error else { return }
    expect(error.operation, equals: call.operation, "the error of \(call.operation) names it")
    if let kind = call.kind, error.code != .closed {
      expect(error.kind, equals: kind, "the error of \(call.operation) names the kind")
    }
    expect(error.description.contains(call.operation.rawValue), "its text names the operation")
  }
}
