internal import AuthCache

extension Requirement {
  /// What a backend says and does while its store can't be reached, and after.
  static let outages: [Requirement] = [
    Requirement(
      "error.outage.isNotAbsence", .errors,
      "While the store can't be reached every operation throws `unavailable` or `timeout`, and none answers.",
      consequence: "An outage of the database logs everybody out, or accepts what it can't keep.",
      likelyCause: "An error is caught and turned into nil, false or nothing.",
      references: ["Hummingbird: the Fluent driver logs write errors"], needs: [.faults]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, groups: Groups(subject: trial.digest()))
      try await backend.store(record)
      try await trial.duringOutage {
        for call in trial.calls(about: record) + trial.capabilityCalls(about: record) {
          switch try await CallEnding(of: { try await backend.perform(call) }) {
          case .answered(let answer):
            trial.fail(
              "\(call.operation) while the store is cut off throws", expected: "unavailable or timeout",
              found: "an answer: \(Trial.kind(of: answer))")
          case .threw(let error):
            trial.expect(
              error.code == .unavailable || error.code == .timeout, "\(call.operation) while the store is cut off",
              expected: "unavailable or timeout", found: "\(error.code)")
          }
        }
      }
    },
    Requirement(
      "error.outage.recovers", .errors,
      "When the store can be reached again the same handle serves again, and nothing that was there is lost.",
      consequence: "After a blip of the database the server answers errors until somebody restarts it.",
      likelyCause: "A broken connection is kept, or the pool gives up.", needs: [.faults]
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<5).map { _ in trial.session() }
      for record in records { try await backend.store(record) }
      for _ in 0..<2 {
        try await trial.duringOutage {
          for record in records { _ = try await CallEnding(of: { try await backend.load(record.id) }) }
        }
        try await trial.untilServed { _ = try await backend.load(records[0].id) }
        for record in records {
          trial.expect(try await backend.load(record.id), equals: record, "after the outage the record is there")
        }
        let anew = trial.record()
        try await backend.store(anew)
        trial.expect(try await backend.consume(anew.id), equals: anew, "after the outage it is written to")
      }
    },
    Requirement(
      "error.outage.effectIsHonest", .errors,
      "What failed during an outage as certainly without effect has none afterwards either.",
      consequence: "A login that the user was told had failed is repeated, and takes place twice.",
      likelyCause: "What could not be sent is kept and sent later.", references: ["CTRLRun#56"], needs: [.faults]
    ) { trial in
      let backend = try await trial.open()
      let (stored, inserted) = (trial.record(.session), trial.record(.session))
      let (removed, consumed, replaced) = (trial.record(.session), trial.record(.code), trial.record(.session))
      for record in [removed, consumed, replaced] { try await backend.store(record) }
      let next = replaced.replacing(revision: trial.revision())
      let checks: [(call: BackendCall, id: Lookup, before: Record?)] = [
        (.store(stored), stored.id, nil), (.insert(inserted), inserted.id, nil),
        (.remove(removed.id), removed.id, removed), (.consume(consumed.id), consumed.id, consumed),
        (.replace(replaced, with: next), replaced.id, replaced),
      ]
      var certain: [Bool] = []
      try await trial.duringOutage {
        for check in checks {
          let error = try await CallEnding(of: { try await backend.perform(check.call) }).error
          certain.append(error?.effect == AuthCacheError.Effect.none)
        }
      }
      try await trial.untilServed { _ = try await backend.load(replaced.id) }
      for (check, isCertain) in zip(checks, certain) where isCertain {
        trial.expect(
          try await backend.load(check.id), equals: check.before,
          "a \(check.call.operation) that failed without effect changed nothing")
      }
    },
    Requirement(
      "error.corruption.isNotAbsence", .errors,
      "A record whose bytes were spoilt in the store is handed out as it lies there, or throws `corrupt`; it is never absent.",
      consequence: "Damage to the database shows as a mass logout, or a forged payload is accepted.",
      likelyCause: "What can't be decoded is treated as not found.",
      references: ["py-key-value: plaintext pass-through"],
      needs: [.corruption]
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<4).map { _ in trial.record(.session) }
      for record in records { try await backend.store(record) }
      try await trial.spoil()
      for (number, record) in records.enumerated() {
        let isConsumed = number.isMultiple(of: 2)
        let ending = try await CallEnding(of: {
          isConsumed ? try await backend.consume(record.id) : try await backend.load(record.id)
        })
        switch ending {
        case .answered(let found?):
          trial.expect(found.digest, equals: record.digest, "it is the record that was asked for")
        case .answered(nil):
          trial.fail("a spoilt record is not absent", expected: "the bytes, or corrupt", found: "nil")
        case .threw(let error): trial.expect(error.code, equals: .corrupt, "a spoilt record")
        }
      }
    },
    Requirement(
      "error.corruption.failsClosed", .errors,
      "What was sealed and then spoilt in the store is refused as `corrupt` by the typed store on top.",
      consequence: "Whoever can write to the database can put words into a session.",
      likelyCause: "The backend serves a copy of its own, or hands on what it could not read.", needs: [.corruption]
    ) { trial in
      let backend = try await trial.open()
      let store = try trial.sealedStore(over: backend)
      let state = try await store.states.store(LoginState(nonce: "nonce-to-spoil"))
      try await trial.spoil()
      switch try await CallEnding(of: { try await store.states.consume(state) }) {
      case .answered(let found):
        trial.fail(
          "a spoilt state is refused", expected: "corrupt", found: found == nil ? "nil" : "a state, as if nothing were")
      case .threw(let error): trial.expect(error.code, equals: .corrupt, "a spoilt state")
      }
    },
  ]
}

extension Trial {
  /// Cuts the store off while `body` runs.
  func duringOutage(_ body: () async throws -> Void) async throws {
    guard let faults = subject.factory.faults else { throw Blocked("the factory can't hurt its store") }
    trace.note("the store is cut off")
    try await faults.cut(environment)
    do { try await body() } catch {
      try? await faults.restore(environment)
      throw error
    }
    trace.note("the store can be reached again")
    try await faults.restore(environment)
  }

  /// Repeats `body` until it is answered: a backend may need an attempt or two to notice that its store is back.
  func untilServed(_ body: () async throws -> Void) async throws {
    for _ in 0..<200 {
      guard let error = try await CallEnding(of: body).error else { return }
      guard error.code == .unavailable || error.code == .timeout else { throw error }
      await Task.yield()
    }
    try await body()
  }

  /// Overwrites the payloads that lie in the store.
  func spoil() async throws {
    guard let spoil = subject.factory.faults?.corrupt else { throw Blocked("the factory can't spoil its store") }
    trace.note("the payloads in the store are overwritten")
    try await spoil(environment)
  }

  /// A typed store that seals everything, with keys and tokens of this check's own.
  func sealedStore(over backend: any AuthCacheBackend) throws -> AuthStore {
    let ring = try KeyRing([SealingKey(id: "kit", secret: entropy.bytes(32), algorithm: .aes256GCM)])
    return try AuthStore(
      over: backend, protection: .sealed(ring, pepper: Pepper(entropy.bytes(32))), features: .loginFlow,
      clock: environment.clock, entropy: entropy)
  }

  /// What an answer is, without what it contains.
  static func kind(of answer: BackendAnswer) -> String {
    switch answer {
    case .done: "done"
    case .flag(let flag): "\(flag)"
    case .record(let record): record == nil ? "nil" : "a record"
    case .expired(let counts): "removed \(counts)"
    case .flags(let flags): "\(flags)"
    case .found(let records): "\(records.count { $0 != nil }) of \(records.count) records"
    case .count(let count): "\(count)"
    case .page(let page): "\(page.count) records"
    }
  }
}
