internal import AuthCache
internal import Synchronization

extension Requirement {
  static let secrecy: [Requirement] = [
    Requirement(
      "secrecy.error.noSecrets", .secrecy,
      "No error of a backend shows a byte of a payload or a digest, however it is printed.",
      consequence: "Session data and what stands for tokens end up in logs that many can read.",
      likelyCause: "The error carries the statement with its parameters, or the record that was refused.",
      references: ["1mcp-app/agent#512"]
    ) { trial in
      let backend = try await trial.open()
      let secret = trial.session()
      try await backend.store(secret)
      var secrets = Secrets(secret)
      var calls: [BackendCall] = [.replace(secret, with: trial.record(.code, digest: secret.digest))]
      if trial.properties.aliases {
        let thief = trial.record(.session, aliases: secret.aliases)
        secrets.add(thief)
        calls += [.store(thief), .insert(thief)]
      }
      if trial.properties.maxPayload <= 16 << 20 {
        let bytes = trial.entropy.bytes(64) + [UInt8](repeating: 7, count: trial.properties.maxPayload)
        let large = trial.record(.session, payload: bytes)
        secrets.add(large)
        calls += [.store(large), .insert(large)]
      }
      try await trial.expectNoSecrets(secrets, inErrorsOf: calls, on: backend)
      try await backend.close()
      try await trial.expectNoSecrets(secrets, inErrorsOf: trial.calls(about: secret), on: backend)
    },
    Requirement(
      "secrecy.outage.noSecrets", .secrecy,
      "No error of a backend whose store can't be reached shows a byte of a payload or a digest.",
      consequence: "Every blip of the database writes session data into the logs.",
      likelyCause: "The client library's message repeats the statement with its parameters.", needs: [.faults]
    ) { trial in
      let backend = try await trial.open()
      let secret = trial.record(
        .session, groups: Groups(subject: trial.digest(), providerSession: trial.digest(), grant: trial.digest()))
      try await backend.store(secret)
      try await trial.duringOutage {
        let calls = trial.calls(about: secret) + trial.capabilityCalls(about: secret)
        try await trial.expectNoSecrets(Secrets(secret), inErrorsOf: calls, on: backend)
      }
    },
    Requirement(
      "secrecy.description.noSecrets", .secrecy,
      "No description, debug description or dump of a backend shows a byte of a payload or a digest.",
      consequence: "A crash report or a line for debugging prints the sessions of everybody.",
      likelyCause: "A backend without a description of its own is printed field by field.",
      references: ["axum-oidc-client 0.5.0: `Debug` on AuthSession"]
    ) { trial in
      let backend = try await trial.open()
      let secret = trial.session()
      try await backend.store(secret)
      _ = try await backend.load(secret.id)
      for (name, text) in Secrets.renderings(of: try trial.rawHandle()) {
        let shown = Secrets(secret).shown(in: text)
        trial.expect(
          shown.isEmpty, "\(name) of the backend", expected: "no secret", found: shown.joined(separator: ", "))
      }
    },
    Requirement(
      "secrecy.log.noSecrets", .secrecy,
      "Nothing that a backend logs, at whatever level, shows a byte of a payload or a digest.",
      consequence: "Whoever reads the logs can look up sessions, or reads what is in them.",
      likelyCause: "Statements are logged with their parameters.", references: ["1mcp-app/agent#512"]
    ) { trial in
      let log = CapturedLog()
      let backend = try await trial.open(logger: log.logger)
      let secret = trial.session(groups: Groups(subject: trial.digest()))
      var secrets = Secrets(secret)
      for call in trial.calls(about: secret) + trial.capabilityCalls(about: secret) {
        _ = try await CallEnding(of: { try await backend.perform(call) })
      }
      if trial.properties.aliases {
        try await backend.store(secret)
        let thief = trial.record(.session, aliases: secret.aliases)
        secrets.add(thief)
        _ = try await CallEnding(of: { try await backend.store(thief) })
      }
      if trial.subject.factory.faults != nil {
        try await trial.duringOutage {
          for call in trial.calls(about: secret) { _ = try await CallEnding(of: { try await backend.perform(call) }) }
        }
      }
      try await backend.close()
      let shown = secrets.shown(in: log.text)
      trial.expect(shown.isEmpty, "what the backend logs", expected: "no secret", found: shown.joined(separator: ", "))
    },
    Requirement(
      "secrecy.store.kindsReadable", .secrecy,
      "The kind of a record stands in the store as readable text.",
      consequence: "Nobody can tell by looking at the database what fills it.",
      likelyCause: "Kinds are stored as numbers that only one version of the code knows.", needs: [.probe]
    ) { trial in
      let backend = try await trial.open()
      for kind in [RecordKind.spentRefresh, .verifier] { try await backend.store(trial.record(kind)) }
      let store = try await trial.probed()
      for kind in [RecordKind.spentRefresh, .verifier] {
        trial.expect(
          store.contains { Secrets.contains(Array(kind.rawValue.utf8), in: $0) },
          "the word “\(kind)” stands in the store")
      }
    },
    Requirement(
      "secrecy.store.payloadAsGiven", .secrecy,
      "A payload lies in the store as the bytes that were given, and not opened or rewritten.",
      consequence: "What was sealed can't be opened again, or is kept in a second form that nobody protects.",
      likelyCause: "Bytes are taken for text and converted.", needs: [.probe]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      let store = try await trial.probed()
      let forms = Secrets.forms(of: record.payload.bytes)
      trial.expect(
        store.contains { blob in forms.contains { Secrets.contains($0, in: blob) } },
        "the payload lies in the store, as bytes, in hexadecimal or in base 64")
    },
  ]
}

extension Trial {
  /// The handle opened last, without the kit's own wrapper.
  func rawHandle() throws -> any AuthCacheBackend {
    try require(state.withLock { $0.handles.last }, "a handle is open")
  }

  /// What lies in the store.
  func probed() async throws -> [[UInt8]] {
    guard let probe = subject.factory.probe else { throw Blocked("the factory can't look into its store") }
    trace.note("the store is looked into")
    return try await probe(environment)
  }

  /// Records a breach for every error of `calls` that shows one of `secrets`. Whether there is one, others ask.
  func expectNoSecrets(
    _ secrets: Secrets, inErrorsOf calls: [BackendCall], on backend: any AuthCacheBackend
  ) async throws {
    for call in calls {
      guard let error = try await CallEnding(of: { try await backend.perform(call) }).error else { continue }
      for (name, text) in Secrets.renderings(of: error) {
        let shown = secrets.shown(in: text)
        expect(
          shown.isEmpty, "\(name) of the error of \(call.operation)", expected: "no secret",
          found: shown.joined(separator: ", "))
      }
    }
  }
}
