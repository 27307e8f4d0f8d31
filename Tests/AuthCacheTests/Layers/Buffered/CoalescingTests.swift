import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: coalescing and order") struct CoalescingTests {
  @Test("the last write of a record wins and is written once")
  func lastWins() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      for revision in 1...20 { try await lab.buffer.store(lab.session(1, revision: UInt64(revision))) }
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(lab.session(1).id)?.revision == 20, "not the last write")
      schedule.expect(lab.probe.sent == [lab.session(1).id: 1], "written more than once")
      schedule.expect(lab.buffer.counts.coalesced == 19, "the count of coalesced writes is wrong")
    }
  }

  @Test("store, then remove: the record is absent, and the store never goes out")
  func storeThenRemove() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      let session = lab.session(1, accessToken: 10)
      try await lab.buffer.store(session)
      async let removed = lab.buffer.remove(session.id)
      try await lab.othersWait()
      try await lab.buffer.flush()
      schedule.expect(try await removed, "a live record went, and the caller was told otherwise")
      schedule.expect(try await lab.stored(session.id) == nil, "the record is there")
      schedule.expect(lab.probe.sent == [session.id: 1], "written more than once")
    }
  }

  @Test("remove, then store: the record is there, whatever was there before")
  func removeThenStore() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      try await lab.bottom.store(lab.session(1, revision: 1))
      async let removed = lab.buffer.remove(lab.session(1).id)
      try await lab.othersWait()
      try await lab.buffer.store(lab.session(1, revision: 2))
      try await lab.buffer.flush()
      schedule.expect(try await removed, "the removal removed nothing")
      schedule.expect(try await lab.stored(lab.session(1).id)?.revision == 2, "the later store is lost")
    }
  }

  @Test("of two removals that wait for one record, one hears that a live record went")
  func twoRemovals() async {
    await explore(floor: 4) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 8, maxDelay: .milliseconds(10)))
      try await lab.bottom.store(lab.code(1))
      let answers = try await schedule.clients(["A", "B"]) { _ in try await lab.buffer.remove(lab.code(1).id) }
      schedule.expect(answers.count { $0 } == 1, "\(answers)")
    }
  }

  @Test("many callers wait for one record, and one write serves them all")
  func sharedWrite() async {
    await explore(floor: 10) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 100, maxDelay: .milliseconds(10)))
      let names = (1...5).map(String.init)
      _ = try await schedule.clients(names) { try await lab.buffer.store(lab.code(1, revision: UInt64($0)!)) }
      schedule.expect(lab.probe.sent == [lab.code(1).id: 1], "written more than once")
      schedule.expect(try await lab.stored(lab.code(1).id) != nil, "acknowledged and not there")
    }
  }

  @Test("a store that conflicts is told so, although a removal of its record followed it")
  func conflictIsHeard() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient())
      try await lab.bottom.store(lab.session(9, accessToken: 10))
      async let storing = failure { try await lab.buffer.store(lab.session(1, accessToken: 10)) }
      try await lab.othersWait()
      async let removing = lab.buffer.remove(lab.session(1).id)
      try await lab.othersWait()
      _ = await failure { try await lab.buffer.flush() }
      let (stored, removed) = (await storing, try await removing)
      schedule.expect(stored == Failure(code: .conflict, effect: .none), "the store heard nothing of the conflict")
      schedule.expect(!removed, "nothing was there to remove")
    }
  }

  @Test("writes of one record arrive in the order of their calls, whatever is under way")
  func order() async {
    await explore(10_000, floor: 100) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, queued: [.session]))
      try await schedule.together([
        "writer": {
          for revision in 1...3 { try await lab.buffer.store(lab.session(1, revision: UInt64(revision))) }
          schedule.expect(try await lab.buffer.remove(lab.session(1).id), "the session was not there")
          try await lab.buffer.store(lab.session(1, revision: 4))
        },
        "neighbour": { for number in 5...7 { try await lab.buffer.store(lab.session(UInt64(number))) } },
      ])
      try await lab.buffer.flush()
      let written: [UInt64] = lab.probe.calls.flatMap { call -> [UInt64] in
        switch call {
        case .store(let record): record.digest == RecordSamples.digest(1) ? [record.revision] : []
        case .storeContents(let records): records.filter { $0.digest == RecordSamples.digest(1) }.map(\.revision)
        case .remove, .removeContents: [100]
        default: []
        }
      }
      let order = written.filter { $0 != 100 }
      schedule.expect(order == order.sorted() && order.last == 4, "written in the order \(written)")
      schedule.expect(try await lab.stored(lab.session(1).id)?.revision == 4, "the last write is not there")
    }
  }
}
