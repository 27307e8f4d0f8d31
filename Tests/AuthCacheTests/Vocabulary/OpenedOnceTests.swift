import AuthCacheConformance
import Testing

@testable import AuthCache

/// A cache keeps what a payload opened to: whatever a hit costs, it is neither decryption nor decoding.
@Suite struct OpenedOnceTests {
  /// Gives out bytes of its own at each read, as whatever lies over a network or a disk does.
  private final class Copying: BackendInterceptor {
    let loads = Collected(0)

    func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
      let answer = try await proceed(call)
      guard case .load = call, case .record(let record?) = answer else { return answer }
      loads.change { $0 += 1 }
      return .record(record.replacing(revision: record.revision, payload: Payload(record.payload.bytes)))
    }
  }

  private struct Lab {
    let world: World
    let copying = Copying()
    let opens = Collected(0)
    let store: AuthStore

    init(cached: Bool) throws {
      world = try World()
      var sealer = Sealer.sealing(with: world.ring)
      sealer.onOpening = { [opens] in opens.change { $0 += 1 } }
      let below = InterceptedBackend(world.backend, by: copying)
      let backend: any AuthCacheBackend = cached ? CachingBackend(over: below, clock: world.clock) : below
      store = try AuthStore(
        over: backend, protection: AuthStore.Protection(sealer: sealer, digester: world.digester), clock: world.clock)
    }
  }

  private static let credentials = SessionCredentials(id: "i", accessToken: "a", refreshToken: "r")

  @Test("a hundred typed loads of a cached session open and decode its payload once, and are one object")
  func session() async throws {
    let lab = try Lab(cached: true)
    try await lab.world.process().sessions.store(.ada, under: Self.credentials)
    let first = try #require(try await lab.store.sessions.load(accessToken: "a"))
    for _ in 0..<50 {
      #expect(try await lab.store.sessions.load(accessToken: "a")?.content === first.content)
      #expect(try await lab.store.sessions.load(id: "i")?.content === first.content)
    }
    #expect(lab.opens.value == 1)
    #expect(lab.copying.loads.value == 1)
    #expect(first.subject == SessionDetails.ada.subject)
  }

  @Test("a hundred typed loads of a cached client open and decode its payload once")
  func client() async throws {
    let lab = try Lab(cached: true)
    try await lab.world.process().clients.store(Client(id: "app"))
    for _ in 0..<100 { #expect(try await lab.store.clients.load(id: "app") != nil) }
    #expect(lab.opens.value == 1)
    #expect(lab.copying.loads.value == 1)
  }

  @Test("without a cache each load opens what it has read, so the counting counts")
  func uncached() async throws {
    let lab = try Lab(cached: false)
    try await lab.world.process().sessions.store(.ada, under: Self.credentials)
    for _ in 0..<10 { _ = try await lab.store.sessions.load(accessToken: "a") }
    #expect(lab.opens.value == 10)
    #expect(lab.copying.loads.value == 10)
  }
}
