internal import AuthCache

extension Requirement {
  static let lifecycle: [Requirement] = declarations + openings

  /// What a backend says of itself is so.
  private static let declarations: [Requirement] = [
    Requirement(
      "lifecycle.properties.constant", .lifecycle,
      "The properties of a backend are the same before and after its operations, and on every handle.",
      consequence: "A layer that decided at its creation what it may do goes on doing what is no longer safe.",
      likelyCause: "The properties are computed from the state of a connection."
    ) { trial in
      let backend = try await trial.open()
      let before = backend.properties
      trial.expect(before == trial.properties, "the properties are those of the inspection")
      let record = trial.record()
      try await backend.store(record)
      _ = try await backend.load(record.id)
      trial.expect(backend.properties == before, "the properties are the same after a store and a load")
      trial.expect(try await trial.open().properties == before, "the properties of another handle are the same")
      try await backend.close()
      trial.expect(backend.properties == before, "the properties are the same after close")
    },
    Requirement(
      "lifecycle.declaration.pins", .lifecycle, "A backend has every capability that its factory expects of it.",
      consequence: "A capability gets lost in a refactoring, and every check of it is silently left out.",
      likelyCause: "A conformance was lost, often behind a wrapper."
    ) { trial in
      let missing = trial.subject.factory.expecting.subtracting(Capability.all(of: try await trial.open()))
      trial.expect(
        missing.isEmpty, "every expected capability is there", expected: "none missing",
        found: missing.sorted().map(\.rawValue).joined(separator: ", "))
    },
    Requirement(
      "lifecycle.declaration.shared", .lifecycle,
      "A backend that declares `shared` finds through a second handle what was stored through the first.",
      consequence: "Two instances of a service keep a world of their own, and every second request is logged out.",
      likelyCause: "The records lie in the handle, or in a database of its own such as `:memory:`.",
      references: ["sqlx#1647", "sqlx#2510"], needs: [.shared, .linearizable]
    ) { trial in
      let (first, second) = (try await trial.open(), try await trial.open())
      for (writer, reader) in [(first, second), (second, first)] {
        let record = trial.record()
        try await writer.store(record)
        trial.expect(try await reader.load(record.id), equals: record, "the other handle finds the record")
      }
    },
    Requirement(
      "lifecycle.declaration.maxPayload", .lifecycle,
      "A backend takes payloads of at least 64 KiB, and of as much as it declares.",
      consequence: "Sessions with many claims can't be stored.", likelyCause: "A column type ends at 64 KiB less one.",
      references: ["product-is#28297"]
    ) { trial in
      let declared = trial.properties.maxPayload
      trial.expect(declared >= 65_536, "at least 64 KiB are declared", expected: "65536", found: "\(declared)")
      let backend = try await trial.open()
      for size in [0, 1, min(declared, 65_536), min(declared, 1 << 20)] {
        let record = trial.record(.session, payload: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try await backend.store(record)
        trial.expect(try await backend.load(record.id) == record, "a payload of \(size) bytes comes back whole")
      }
    },
    Requirement(
      "lifecycle.declaration.clock", .lifecycle,
      "A backend that declares an injected clock goes by that clock alone.",
      consequence: "Servers whose clocks differ disagree on which sessions live, and tests of expiry mean nothing.",
      likelyCause: "The database is asked for the time.", needs: [.injectedClock]
    ) { trial in
      let clock = VirtualClock(startingAt: trial.now + .seconds(40 * 86_400))
      let backend = try await trial.open(clock: clock)
      func record(_ end: Timestamp) -> Record {
        Record(
          kind: .session, digest: trial.digest(), revision: trial.revision(), createdAt: trial.now, expiresAt: end,
          payload: Payload(trial.entropy.bytes(16)))
      }
      let (over, live) = (record(trial.now + .seconds(86_400)), record(clock.now + .seconds(60)))
      try await backend.store(over)
      try await backend.store(live)
      trial.expect(try await backend.load(over.id), equals: nil, "what ended before the injected now is absent")
      trial.expect(try await backend.load(live.id), equals: live, "what ends after it is there")
      clock.advance(by: .milliseconds(59_999))
      trial.expect(try await backend.load(live.id), equals: live, "a millisecond before its end it is there")
      clock.advance(by: .milliseconds(1))
      trial.expect(try await backend.load(live.id), equals: nil, "at its end it is absent")
    },
    Requirement(
      "lifecycle.declaration.capabilities", .lifecycle,
      "A backend that conforms to a capability carries its operations out.",
      consequence: "A logout everywhere fails at the moment it is needed.",
      likelyCause: "A wrapper conforms although what it wraps does not."
    ) { trial in
      let backend = try await trial.open()
      trial.expect(
        Capability.all(of: backend) == trial.capabilities, "the capabilities are those of the inspection")
      for call in trial.capabilityCalls(about: trial.record(.client)) {
        if let error = try await CallEnding(of: { try await backend.perform(call) }).error {
          trial.fail("\(call.operation) is carried out", expected: "an answer", found: "\(error.code)")
        }
      }
    },
  ]

  /// Opening, and what is there then.
  private static let openings: [Requirement] = [
    Requirement(
      "lifecycle.open.idempotent", .lifecycle, "Opening a store that exists leaves what is there.",
      consequence: "With every start of a server everybody is logged out.",
      likelyCause: "The schema is created anew.", needs: [.shared]
    ) { trial in
      let first = try await trial.open()
      let record = trial.session()
      try await first.store(record)
      for _ in 0..<4 {
        let next = try await trial.open()
        trial.expect(try await next.load(record.id), equals: record, "what was stored before the opening is there")
      }
      trial.expect(try await first.load(record.id), equals: record, "the first handle finds it too")
    },
    Requirement(
      "lifecycle.open.atOnce", .lifecycle, "Many handles opened at once on a store that does not exist yet all work.",
      consequence: "Of ten instances that start together nine crash, or lose what they stored first.",
      likelyCause: "That the schema is missing is tested in one call and it is created in another.",
      needs: [.shared, .linearizable]
    ) { trial in
      let records = (0..<6).map { _ in trial.record() }
      let handles = try await trial.concurrently(records.count) { number in
        let handle = try await trial.open()
        try await handle.store(records[number])
        return handle
      }
      for record in records {
        for handle in handles {
          trial.expect(try await handle.load(record.id), equals: record, "every handle finds what every other stored")
        }
      }
    },
    Requirement(
      "lifecycle.open.atOnceInProcesses", .lifecycle,
      "Many processes that open at once a store that does not exist yet all work.",
      consequence: "A deployment of several instances crashes at its first start, or loses the first logins.",
      likelyCause: "The schema is created without a lock that other processes see.", needs: [.shared, .child]
    ) { trial in
      let series = RecordSeries(trial)
      let children = try await trial.spawnTogether(4, .openAndStore) { series.arguments(["number": "\($0)"]) }
      for child in children {
        for await _ in child.lines {}
        try await trial.finish(child)
      }
      let backend = try await trial.open()
      for number in children.indices {
        let record = series.code(number)
        trial.expect(try await backend.load(record.id), equals: record, "what each process stored is there")
      }
    },
    Requirement(
      "lifecycle.sweep.drains", .lifecycle,
      "The sweep, in small batches, removes every record that ended longer ago than its skew, and no other.",
      consequence: "The table grows without bound, or sessions end early on servers whose clocks are behind.",
      likelyCause: "A batch is not filled although there is more, so the sweep believes that it has finished.",
      references: ["open-chat-studio#4112"], needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let (over, recent) = (
        (0..<55).map { _ in trial.record(.state, life: .seconds(-120)) }, trial.record(life: .seconds(-5))
      )
      let live = (0..<10).map { _ in trial.session() }
      for record in over + [recent] + live { try await backend.store(record) }
      let sweep = ExpirySweep(
        over: backend, configuration: .init(skew: .seconds(60), batch: 10), clock: trial.environment.clock,
        entropy: trial.entropy, logger: trial.environment.logger)
      trial.expect(try await sweep.sweep(), equals: [.state: 55], "the sweep removes what is over")
      trial.expect(
        try await backend.removeExpired(through: trial.now, limit: 100), equals: [.code: 1],
        "what ended within the skew was left")
      for record in live { trial.expect(try await backend.load(record.id), equals: record, "what lives is there") }
    },
    Requirement(
      "lifecycle.destroy.leavesNothing", .lifecycle,
      "A namespace that was destroyed and is opened again is empty.",
      consequence: "Checks find what earlier ones left, and a tenant that was removed is still there.",
      likelyCause: "Only one of several tables or files is removed.", needs: [.destroy]
    ) { trial in
      let backend = try await trial.open()
      let records = RecordKind.standard.map { trial.record($0, life: nil) } + [trial.session()]
      for record in records { try await backend.store(record) }
      try await backend.close()
      try await trial.destroyNamespace()
      let anew = try await trial.open()
      for lookup in records.flatMap(\.lookups) {
        trial.expect(try await anew.load(lookup), equals: nil, "nothing is found by \(lookup)")
      }
    },
  ]
}
