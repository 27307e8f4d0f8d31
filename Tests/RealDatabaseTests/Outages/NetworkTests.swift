import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealDatabases {
  /// A network that is slow, silent, in crumbs or broken.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct NetworkTests {
    @Test(
      "a read whose answer is lost is asked again over a new connection: what is there is never absent",
      arguments: Database.ways, [ProxyCut.Point.afterServer, .beforeServer])
    func cutRead(_ database: Database, _ point: ProxyCut.Point) async throws {
      let line = try await Line(database)
      try await line.warmUp()
      try await line.backend.store(record(2))
      await line.proxy.cutNextStatement(point)
      #expect(try await line.backend.load(record(2).id)?.digest == record(2).digest)
      #expect(line.proxy.cuts == 1)
      try await line.end()
    }

    @Test(
      "a network that falls silent is a timeout within the deadline, and what comes late is nobody else's answer",
      arguments: Database.servers)
    func silent(_ database: Database) async throws {
      let line = try await Line(database)
      try await line.warmUp()
      for number in UInt64(2)...4 { try await line.backend.store(record(number)) }
      let start = ContinuousClock.now
      await line.proxy.stall()
      let error = try await failure { _ = try await line.backend.load(record(2).id) }
      #expect(error?.code == .timeout || error?.code == .unavailable)
      // One statement, one attempt to connect, and what a busy machine adds.
      #expect(ContinuousClock.now - start < .seconds(1 + 1 + 3))
      await line.proxy.resume()
      var found: Record?
      try await until {
        found = try? await line.backend.load(record(3).id)
        return found != nil
      }
      #expect(found?.digest == record(3).digest)
      #expect(try await line.backend.consume(record(4).id)?.digest == record(4).digest)
      try await line.end()
    }

    @Test(
      "many reads over a network that stops and goes on again: everybody gets the record that was asked for",
      arguments: Database.servers)
    func mixedUp(_ database: Database) async throws {
      let line = try await Line(database, connections: 1...4)
      let records = (0..<50).map { record(UInt64($0), payload: Payload(Array("payload \($0)".utf8))) }
      try await line.backend.store(contentsOf: records)
      let backend = line.backend
      let (answered, failed, isOver) = (Count(), Count(), Count())
      try await withThrowingTaskGroup(of: [String].self) { group in
        for task in 0..<32 {
          group.addTask {
            var random = SeededGenerator(seed: UInt64(task))
            var wrong: [String] = []
            while isOver.value == 0 {
              let asked = records[Int(random.next() % 50)]
              let start = ContinuousClock.now
              do throws(AuthCacheError) {
                if try await backend.load(asked.id) != asked { wrong.append("\(asked.digest)") }
                answered.add()
              } catch {
                if ![.timeout, .unavailable].contains(error.code) { wrong.append("\(error)") }
                failed.add()
              }
              // Two attempts to read and one to connect; not until nobody may wait for a connection any longer.
              let took = ContinuousClock.now - start
              if took > .seconds(10) { wrong.append("answered after \(took)") }
            }
            return wrong
          }
        }
        func more(_ count: Count, _ number: Int) async throws {
          let goal = count.value + number
          try await until { count.value >= goal }
        }
        try await more(answered, 500)
        // Longer than the deadline, and yet it comes.
        await line.proxy.delay(.milliseconds(1_200))
        try await more(failed, 1)
        await line.proxy.delay(.zero)
        try await more(answered, 500)
        isOver.add()
        for try await wrong in group { #expect(wrong.isEmpty, "\(wrong.prefix(3))") }
      }
      try await line.end()
    }

    @Test("bytes that come one at a time are put together again", arguments: Database.servers)
    func crumbs(_ database: Database) async throws {
      let line = try await Line(database, statementTimeout: .seconds(20))
      await line.proxy.crumble()
      let payload = Payload((0..<3_000).map { UInt8(truncatingIfNeeded: $0) })
      let records = (0..<3).map { record(UInt64($0), payload: payload) }
      try await line.backend.store(contentsOf: records)
      let found = try await line.backend.load(contentsOf: records.map(\.id))
      #expect(found.map(\.?.payload) == records.map(\.payload))
      try await line.end()
    }

    @Test(
      "answers that come in drips hold nobody up beyond the deadline, which is for all of a batch",
      arguments: Database.servers.filter { $0 == .postgres })
    func drips(_ database: Database) async throws {
      let line = try await Line(database)
      let backend = line.backend
      let records = (10..<40).map { record($0) }
      try await backend.store(contentsOf: records)
      _ = try await backend.extend(records[0].id, to: records[0].createdAt + .seconds(9_000))
      // Each answer takes a quarter of a second. However many are taken up first, they or those behind them need more
      // than there is, together and not alone.
      await line.proxy.drip(every: .milliseconds(10))
      let start = ContinuousClock.now
      let failures = try await withThrowingTaskGroup(of: AuthCacheError?.self) { group in
        for code in records {
          group.addTask {
            try await failure { _ = try await backend.extend(code.id, to: code.createdAt + .seconds(9_500)) }
          }
        }
        return try await group.reduce(into: [AuthCacheError]()) { if let error = $1 { $0.append(error) } }
      }
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(failures.count { $0.code == .timeout && $0.effect == .unknown } >= 5)
      #expect(failures.allSatisfy { [.timeout, .unavailable].contains($0.code) })
      try await line.end()
    }
  }
}
