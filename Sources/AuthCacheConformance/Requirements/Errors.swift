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
      "error.conflict.saysNoEffect", .errors,
      "A conflict is reported as `conflict`, and as certainly without effect.",
      consequence: "A login under a token that is taken is retried or given up in the wrong place.",
      likelyCause: "A constraint violation is reported like a lost connection.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let (holder, other) = (trial.session(), trial.session())
      try await backend.store(holder)
      try await backend.store(other)
      let thief = trial.record(.session, aliases: holder.aliases)
      let next = other.replacing(revision: trial.revision(), aliases: holder.aliases)
      await trial.expectError(
        .conflict, effect: AuthCacheError.Effect.none,
        of: [.store(thief), .insert(thief), .replace(other, with: next)],
        on: backend, "under an alias that another live record holds")
    },
    Requirement(
      "error.replace.otherRecord", .errors,
      "A replace whose successor has another id or kind throws `invalidArgument` and changes nothing.",
      consequence: "A slip of the caller writes one user's session over another's.",
      likelyCause: "Only the revision of the current record is looked at."
    ) { trial in
      let backend = try await trial.open()
      let (current, other) = (trial.record(.session), trial.record(.session))
      try await backend.store(current)
      try await backend.store(other)
      let wrong = [
        trial.record(.session, digest: other.digest), trial.record(.code, digest: current.digest),
        trial.record(.session),
      ]
      await trial.expectError(
        .invalidArgument, effect: AuthCacheError.Effect.none, of: wrong.map { .replace(current, with: $0) },
        on: backend, "with a successor that is another record")
      for record in [current, other] {
        trial.expect(try await backend.load(record.id), equals: record, "both records are as they were")
      }
    },
    Requirement(
      "error.sweep.badArguments", .errors,
      "A sweep through an instant in the future, or with a negative limit, throws `invalidArgument` and removes nothing.",
      consequence: "A wrong sign in a clean-up job logs everybody out.",
      likelyCause: "The arguments go into the statement unchecked."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(life: .seconds(600))
      try await backend.store(record)
      await trial.expectError(
        .invalidArgument, effect: AuthCacheError.Effect.none,
        of: [
          .removeExpired(through: trial.now + .seconds(3_600), limit: 10),
          .removeExpired(through: trial.now, limit: -1),
        ], on: backend, "with arguments that can't be meant")
      trial.expect(try await backend.load(record.id), equals: record, "a live record stays")
    },
    Requirement(
      "error.list.badLimit", .errors, "A listing of no or of fewer records throws `invalidArgument`.",
      consequence: "A loop over pages of no length never ends, or ends as if there were nothing.",
      likelyCause: "The limit goes into the statement unchecked.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      try await backend.store(trial.record(.client))
      await trial.expectError(
        .invalidArgument,
        of: [.records(of: .client, after: nil, limit: 0), .records(of: .client, after: nil, limit: -1)], on: backend,
        "with a limit that is not positive")
    },
    Requirement(
      "error.payload.tooLarge", .errors,
      "A payload of one byte more than is declared throws `tooLarge`, and nothing is changed.",
      consequence: "A large session is cut off, and can't be opened when it is needed.",
      likelyCause: "The store shortens what does not fit.", references: ["centreon#6168", "product-is#28297"]
    ) { trial in
      let backend = try await trial.open()
      let limit = trial.properties.maxPayload
      // Beyond this a test machine runs out of memory sooner than a backend out of space.
      guard limit <= 64 << 20 else { return }
      let there = trial.record(.session)
      try await backend.store(there)
      let large = [UInt8](repeating: 7, count: limit + 1)
      let anew = trial.record(.session, payload: large)
      await trial.expectError(
        .tooLarge, effect: AuthCacheError.Effect.none,
        of: [
          .store(there.replacing(revision: trial.revision(), payload: anew.payload)), .store(anew), .insert(anew),
          .replace(there, with: there.replacing(revision: trial.revision(), payload: anew.payload)),
        ], on: backend, "of a payload that is too large")
      trial.expect(try await backend.load(there.id), equals: there, "what was there is as it was")
      trial.expect(try await backend.load(anew.id), equals: nil, "what was refused is not there")
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
