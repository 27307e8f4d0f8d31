import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: what is seen of the writes that wait") struct BufferVisibilityTests {
  private static let everything = BufferConfiguration.patient(queued: [.session])

  @Test("a read by id, by alias or in bulk sees an acknowledged write, and flushes that record alone")
  func coherent() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      for number in 1...4 {
        try await lab.buffer.store(lab.session(UInt64(number), accessToken: UInt64(10 + number)))
      }
      schedule.expect(try await lab.buffer.load(lab.session(1).id) != nil, "not found by its id")
      let byToken = try await lab.buffer.load(.accessToken(RecordSamples.digest(12)))
      schedule.expect(byToken?.digest == RecordSamples.digest(2), "not found by its token")
      let both = try await lab.buffer.load(contentsOf: [lab.session(3).id, lab.session(1).id])
      schedule.expect(both.compactMap { $0 }.count == 2, "not found in bulk")
      schedule.expect(lab.probe.sent.count == 3, "\(lab.probe.sent.count) records were sent, not the three asked for")
    }
  }

  @Test("a token that a waiting write takes away finds nothing")
  func releasedAlias() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      try await lab.bottom.store(lab.session(1, accessToken: 10))
      try await lab.bottom.store(lab.session(2, accessToken: 20))
      try await lab.buffer.store(lab.session(1, revision: 2, accessToken: 11))
      try await lab.buffer.store(lab.session(2, revision: 2, accessToken: 21))
      schedule.expect(try await lab.buffer.load(.accessToken(RecordSamples.digest(10))) == nil, "the old token loads")
      let consumed = try await lab.buffer.consume(.accessToken(RecordSamples.digest(20)))
      schedule.expect(consumed == nil, "the old token consumes")
      schedule.expect(try await lab.buffer.load(lab.session(2).id)?.revision == 2, "and takes the record away")
    }
  }

  @Test("consume, insert, replace, extend and remove are decided after what waits for that record")
  func decidedAfter() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      let sessions = (1...6).map { lab.session(UInt64($0), revision: 5, accessToken: UInt64(10 + $0)) }
      for session in sessions { try await lab.buffer.store(session) }
      schedule.expect(try await lab.buffer.consume(sessions[0].id) == sessions[0], "consume did not find it")
      schedule.expect(!(try await lab.buffer.insert(sessions[1])), "insert overwrote it")
      let next = sessions[2].replacing(revision: 6)
      schedule.expect(try await lab.buffer.replace(sessions[2], with: next), "replace did not find the revision")
      schedule.expect(try await lab.buffer.extend(sessions[3].id, to: schedule.clock.now), "extend did not find it")
      schedule.expect(try await lab.buffer.remove(.accessToken(RecordSamples.digest(15))), "remove did not find it")
      let taken = Record(
        kind: .session, digest: RecordSamples.digest(30), revision: 1, createdAt: schedule.clock.now, expiresAt: nil,
        aliases: Aliases(accessToken: RecordSamples.digest(16)), payload: [])
      let refused = await failure { _ = try await lab.buffer.insert(taken) }
      schedule.expect(refused == Failure(code: .conflict, effect: .none), "a token was taken twice")
    }
  }

  @Test("an alias that a waiting write sets free can be taken by the next operation, whatever it is")
  func takenOver() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      try await lab.bottom.store(lab.session(1, accessToken: 10))
      try await lab.bottom.store(lab.session(2, accessToken: 20))
      try await lab.buffer.store(lab.session(1, revision: 2))
      schedule.expect(try await lab.buffer.insert(lab.session(3, accessToken: 10)), "insert was refused")
      try await lab.buffer.store(lab.session(2, revision: 2))
      try await lab.buffer.store(lab.session(4, accessToken: 20))
      // Asks for the fourth alone, which can't be written before the second.
      schedule.expect(try await lab.buffer.load(lab.session(4).id) != nil, "the store was refused")
      try await lab.buffer.flush()
      schedule.expect(lab.buffer.unwritten().isEmpty, "something failed")
    }
  }

  @Test("a coalesced write may take an alias that a later waiting one sets free")
  func takenOverInPlace() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      try await lab.bottom.store(lab.session(2, accessToken: 20))
      try await lab.buffer.store(lab.session(1))
      try await lab.buffer.store(lab.session(2, revision: 2))
      try await lab.buffer.store(lab.session(1, revision: 2, accessToken: 20))
      try await lab.buffer.flush()
      let found = try await lab.buffer.load(.accessToken(RecordSamples.digest(20)))
      schedule.expect(found?.digest == RecordSamples.digest(1), "the alias did not go over")
    }
  }

  @Test("revoking a group takes the sessions that wait with it")
  func groups() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      let group = Groups(subject: RecordSamples.digest(50))
      try await lab.bottom.store(lab.session(1, groups: group))
      try await lab.buffer.store(lab.session(2, groups: group))
      try await lab.buffer.store(lab.session(3))
      schedule.expect(try await lab.buffer.removeAll(in: .subject(RecordSamples.digest(50))) == 2, "not both went")
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(lab.session(2).id) == nil, "a revoked session came back")
      schedule.expect(try await lab.stored(lab.session(3).id) != nil, "another session went too")
    }
  }

  @Test("a listing has what waits, each record once")
  func listing() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      try await lab.bottom.store(lab.session(1))
      try await lab.buffer.store(lab.session(1, revision: 2))
      try await lab.buffer.store(lab.session(2))
      let page = try await lab.buffer.records(of: .session, after: nil, limit: 10)
      schedule.expect(page.map(\.revision) == [2, 1], "\(page.map(\.revision))")
    }
  }

  @Test("a unit of many records comes after what waits for any of them")
  func bulk() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, Self.everything)
      try await lab.buffer.store(lab.session(1, revision: 1))
      try await lab.buffer.store(lab.session(2, revision: 1, accessToken: 20))
      try await lab.buffer.store(contentsOf: [lab.session(1, revision: 2), lab.session(3)])
      let removed = try await lab.buffer.remove(contentsOf: [
        .accessToken(RecordSamples.digest(20)), lab.session(3).id, lab.session(4).id,
      ])
      schedule.expect(removed == [true, true, false], "\(removed)")
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(lab.session(1).id)?.revision == 2, "an older write came after it")
      schedule.expect(try await lab.stored(lab.session(2).id) == nil, "a removed session came back")
    }
  }

  @Test("reads that bypass the buffer see what is persisted, and make nothing flush")
  func bypass() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, .patient(reads: .bypass, queued: [.session]))
      try await lab.buffer.store(lab.session(1, accessToken: 10))
      schedule.expect(try await lab.buffer.load(lab.session(1).id) == nil, "the read did not bypass")
      schedule.expect(try await lab.buffer.load(contentsOf: [lab.session(1).id]) == [nil], "nor in bulk")
      schedule.expect(try await lab.buffer.records(of: .session, after: nil, limit: 9).isEmpty, "nor the listing")
      schedule.expect(lab.probe.writes.isEmpty, "the read made it flush")
      schedule.expect(try await lab.buffer.consume(lab.session(1).id) != nil, "consume must not bypass")
    }
  }

  @Test("the properties say what is taken away")
  func properties() throws {
    let bottom = ReferenceBackend(
      clock: VirtualClock(), properties: BackendProperties(aliases: true, durability: .server, shared: true))
    func mapped(_ configuration: BufferConfiguration) throws -> BackendProperties {
      try BufferedBackend(over: bottom, configuration: configuration).properties
    }
    #expect(try mapped(.init()) == bottom.properties)
    #expect(try mapped(.init(reads: .bypass)) == bottom.properties)
    let queued = try mapped(.init(maxDelay: .seconds(1), queued: [.session]))
    #expect(queued.durability == .none)
    #expect(queued.consistency == .readYourWrites)
    let bypassing = try mapped(.init(maxDelay: .seconds(1), reads: .bypass, queued: [.session]))
    #expect(bypassing.consistency == .stale(.seconds(1)))
    #expect(throws: AuthCacheError.self) { try mapped(.init(queued: [.session, .code])) }
    #expect(throws: AuthCacheError.self) { try mapped(.init(maxBatch: 0)) }
  }

  @Test("it can do what its delegate can, and no more")
  func capabilities() throws {
    let bottom = ReferenceBackend(clock: VirtualClock())
    let full: any AuthCacheBackend = try BufferedBackend(over: try BufferedBackend(over: bottom))
    #expect(full is any BulkBackend && full is any GroupBackend && full is any ListingBackend)
    #expect(!(full is any InvalidationBackend))
    let bare: any AuthCacheBackend = try BufferedBackend(over: NarrowBackend(delegate: bottom))
    #expect(!(bare is any BulkBackend) && !(bare is any GroupBackend) && !(bare is any ListingBackend))
  }
}
