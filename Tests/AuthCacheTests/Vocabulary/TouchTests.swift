import AuthCacheConformance
import Synchronization
import Testing

@testable import AuthCache

@Suite struct TouchTests {
  private final class ExtendCounter: BackendInterceptor {
    let count = Atomic<Int>(0)
    let failing = Atomic<Bool>(false)

    func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
      if case .extend = call {
        count.add(1, ordering: .relaxed)
        if failing.load(ordering: .relaxed) {
          throw AuthCacheError(.unavailable, operation: .extend, kind: .session, "lost")
        }
      }
      return try await proceed(call)
    }
  }

  private let lifetime = SessionLifetime(idle: .seconds(100), absolute: .seconds(1_000))

  @Test("a session that is used at every second is written once in a tenth of its idle time, and does not end")
  func interval() async throws {
    let world = try World()
    let counter = ExtendCounter()
    let store = try world.process(over: world.backend.intercepted(by: counter))
    let id = try #require(try await store.sessions.create(.ada, lifetime: lifetime).credentials.id)
    for _ in 0..<500 {
      world.clock.advance(by: .seconds(1))
      let session = try #require(try await store.sessions.load(id: id))
      #expect(try await store.sessions.touch(session))
    }
    #expect(counter.count.load(ordering: .relaxed) == 50)
  }

  @Test("many requests at once, each with the session as it was, write one touch")
  func burst() async throws {
    let world = try World()
    let counter = ExtendCounter()
    let store = try world.process(over: world.backend.intercepted(by: counter))
    let session = try await store.sessions.create(.ada, lifetime: lifetime).session
    world.clock.advance(by: .seconds(10))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { try await store.sessions.touch(session) } }
      for try await isLive in group { #expect(isLive) }
    }
    #expect(counter.count.load(ordering: .relaxed) == 1)
  }

  @Test("a touch that failed is tried again by the next")
  func retried() async throws {
    let world = try World()
    let counter = ExtendCounter()
    let store = try world.process(over: world.backend.intercepted(by: counter))
    let session = try await store.sessions.create(.ada, lifetime: lifetime).session
    world.clock.advance(by: .seconds(10))
    counter.failing.store(true, ordering: .relaxed)
    await expectError(.unavailable) { try await store.sessions.touch(session) }
    counter.failing.store(false, ordering: .relaxed)
    #expect(try await store.sessions.touch(session))
    #expect(counter.count.load(ordering: .relaxed) == 2)
    #expect(try await world.records(.session).first?.expiresAt == world.clock.now + .seconds(100))
  }

  @Test("touching tells that a session was logged out, and does not bring it back")
  func loggedOut() async throws {
    let world = try World()
    let store = try world.process()
    let session = try await store.sessions.create(.ada, lifetime: lifetime).session
    try await store.sessions.delete(session)
    world.clock.advance(by: .seconds(10))
    #expect(try await !store.sessions.touch(session))
    #expect(try await world.records(.session).isEmpty)
  }

  @Test("a touch never passes the absolute end")
  func absoluteEnd() async throws {
    let world = try World()
    let store = try world.process()
    let short = SessionLifetime(idle: .seconds(100), absolute: .seconds(150))
    let session = try await store.sessions.create(.ada, lifetime: short).session
    world.clock.advance(by: .seconds(90))
    #expect(try await store.sessions.touch(session))
    #expect(try await world.records(.session).first?.expiresAt == session.absoluteEnd)
  }

  @Test("the ledger of touches stays within its bound")
  func bounded() {
    let ledger = TouchLedger(capacity: 10)
    let now = Timestamp(millisecondsSinceEpoch: 0)
    for seed in 0..<100 as Range<UInt64> {
      let digest = RecordDigest(words: (seed, 0, 0, 0))
      let end = now + .seconds(100)
      #expect(ledger.claim(digest, from: now, to: end, interval: .seconds(10), at: now) != nil)
      #expect(ledger.claim(digest, from: now, to: end, interval: .seconds(10), at: now) == nil)
      #expect(ledger.count <= 10)
    }
  }
}
