import AuthCacheConformance
import Logging
import Synchronization
import Testing

@testable import AuthCache

@Suite struct SealedSessionsTests {
  private static let credentials = SessionCredentials(id: "i", accessToken: "a", refreshToken: "r")

  @Test("what was opened is remembered: the same session object comes again from memory")
  func remembered() async throws {
    let world = try World()
    let store = try world.process()
    try await store.sessions.store(.ada, under: Self.credentials)
    let first = try #require(try await store.sessions.load(accessToken: "a"))
    let second = try #require(try await store.sessions.load(id: "i"))
    #expect(first.content === second.content)
  }

  @Test("what was opened is opened anew by another ring, which can't")
  func otherRing() async throws {
    let world = try World()
    try await world.process().sessions.store(.ada, under: Self.credentials)
    let other = try world.process(ring: KeyRing(try .generate(id: "first")))
    await expectError(.corrupt) { _ = try await other.sessions.load(id: "i") }
    #expect(try await world.process().sessions.load(id: "i") != nil)
  }

  @Test("a removed key rejects what it sealed, also what is still in memory")
  func removedKey() async throws {
    let world = try World()
    let store = try world.process(AuthStore.Configuration(resealsOnLoad: false))
    try await store.sessions.store(.ada, under: Self.credentials)
    try world.ring.add(.generate(id: "second"))
    #expect(try await store.sessions.load(accessToken: "a") != nil)
    try world.ring.remove(id: "first")
    await expectError(.corrupt) { _ = try await store.sessions.load(accessToken: "a") }
  }

  @Test("the same payload object in another record is not taken for opened")
  func movedPayload() async throws {
    let world = try World()
    let store = try world.process()
    try await store.sessions.store(.ada, under: Self.credentials)
    try await store.sessions.store(SessionDetails(), under: SessionCredentials(id: "mallory", accessToken: "m"))
    let records = try await world.records(.session)
    let ada = try #require(records.first { $0.digest == world.digester.digest("i", as: .sessionID) })
    let mallory = try #require(records.first { $0.digest != ada.digest })
    // The victim's payload in the attacker's row.
    try await world.backend.store(mallory.replacing(revision: ada.revision, payload: ada.payload))
    await expectError(.corrupt) { _ = try await store.sessions.load(accessToken: "m") }
    // The attacker's token on the victim's row.
    try await store.sessions.delete(id: "mallory")
    try await world.backend.store(
      ada.replacing(
        revision: ada.revision, aliases: Aliases(accessToken: world.digester.digest("m", as: .accessToken))))
    await expectError(.corrupt) { _ = try await store.sessions.load(accessToken: "m") }
  }

  @Test("a session sealed under an older key is sealed anew when it is loaded, and nobody is logged out")
  func resealedOnLoad() async throws {
    let world = try World()
    let store = try world.process()
    try await store.sessions.store(.ada, under: Self.credentials)
    for round in 0..<10 {
      try world.ring.add(.generate(id: "key\(round)"))
      #expect(try await store.sessions.load(accessToken: "a")?.subject == SessionDetails.ada.subject)
      for old in world.ring.keyIDs.dropFirst() { try world.ring.remove(id: old) }
      #expect(try await store.sessions.load(refreshToken: "r")?.subject == SessionDetails.ada.subject)
    }
  }

  @Test("what a load returns after sealing anew is the current state: it can be updated")
  func resealedIsCurrent() async throws {
    let world = try World()
    let store = try world.process()
    try await store.sessions.store(.ada, under: Self.credentials)
    try world.ring.add(.generate(id: "second"))
    let session = try #require(try await store.sessions.load(id: "i"))
    #expect(try await store.sessions.update(session, to: session.details) != nil)
  }

  @Test("sealing anew is best effort: a store that can't be written to is still read")
  func resealingFails() async throws {
    let world = try World()
    try await world.process().sessions.store(.ada, under: Self.credentials)
    try world.ring.add(.generate(id: "second"))
    for kind in MishapKind.allCases {
      let store = try world.process(over: world.backend.intercepted(by: Mishap(kind, atCall: 1)))
      #expect(try await store.sessions.load(id: "i") != nil)
    }
  }

  @Test("without sealing anew on load a record is sealed under the new key when it is next written")
  func resealedOnWrite() async throws {
    let world = try World()
    let store = try world.process(AuthStore.Configuration(resealsOnLoad: false))
    try await store.sessions.store(.ada, under: Self.credentials)
    try world.ring.add(.generate(id: "second"))
    let session = try #require(try await store.sessions.load(id: "i"))
    let sealer = Sealer.sealing(with: world.ring)
    func isOutdated() async throws -> Bool {
      let record = try #require(try await world.records(.session).first)
      return try sealer.opened(record.payload.bytes, for: SealingContext(of: record)).isOutdated
    }
    #expect(try await isOutdated())
    _ = try await store.sessions.update(session, to: session.details)
    #expect(try await !isOutdated())
  }

  @Test("what can't be opened or decoded is corrupt for every kind, and never absent")
  func corrupt() async throws {
    let world = try World()
    let store = try world.process()
    try await store.states.store(LoginState(), under: "s")
    try await store.verifiers.set(.generate(), for: "v")
    try await store.codes.store(AuthorizationCode(clientID: "app"), under: "c")
    try await store.sessions.store(.ada, under: Self.credentials)
    try await store.clients.store(Client(id: "app"))
    let sealer = Sealer.sealing(with: world.ring)
    for kind in [RecordKind.state, .verifier, .code, .session, .client] {
      for record in try await world.records(kind) {
        // Sealed well, and no such content inside.
        let payload = Payload(try sealer.seal([UInt8](#"{"x":1}"#.utf8), for: SealingContext(of: record)))
        try await world.backend.store(record.replacing(revision: record.revision, payload: payload))
      }
    }
    let request = RedemptionRequest(clientID: "app")
    await expectError(.corrupt) { _ = try await store.codes.load("c") }
    await expectError(.corrupt) { _ = try await store.codes.claim("c") }
    await expectError(.corrupt) { _ = try await store.codes.redeem("c", by: request) }
    await expectError(.corrupt) { _ = try await store.verifiers.peek("v") }
    await expectError(.corrupt) { _ = try await store.verifiers.take("v") }
    await expectError(.corrupt) { _ = try await store.states.consume("s") }
    await expectError(.corrupt) { _ = try await store.sessions.load(id: "i") }
    await expectError(.corrupt) { _ = try await store.sessions.load(accessToken: "a") }
    await expectError(.corrupt) { _ = try await store.sessions.rotate("r", clientID: "app") }
    await expectError(.corrupt) { _ = try await store.sessions.extend(id: "i", by: .seconds(1)) }
    await expectError(.corrupt) { _ = try await store.clients.load(id: "app") }
    await expectError(.corrupt) { _ = try await store.clients.list() }
  }

  @Test("a sealed store refuses a plaintext row, also when it would decode")
  func plaintextRow() async throws {
    let world = try World()
    let plain = try AuthStore(
      over: world.backend, protection: .plaintext(digester: world.digester), clock: world.clock,
      logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
    try await plain.sessions.store(.ada, under: Self.credentials)
    let record = try #require(try await world.records(.session).first)
    #expect(record.payload.bytes.first == UInt8(ascii: "{"))
    #expect(try await plain.sessions.load(id: "i")?.details == .ada)
    await expectError(.corrupt) { _ = try await world.process().sessions.load(id: "i") }
    try await world.process().sessions.store(.ada, under: Self.credentials)
    await expectError(.corrupt) { _ = try await plain.sessions.load(id: "i") }
  }

  @Test("plaintext payloads are warned of once, and nothing else is ever logged")
  func warning() async throws {
    final class Lines: Sendable { let all = Mutex<[String]>([]) }
    struct Handler: LogHandler {
      let lines: Lines
      var metadata: Logger.Metadata = [:]
      var logLevel: Logger.Level = .trace
      subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
      }
      func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.level) \(event.message)") } }
    }
    let lines = Lines()
    let logger = Logger(label: "test") { _ in Handler(lines: lines) }
    let world = try World()
    for protection in [
      AuthStore.Protection.plaintext(digester: world.digester), .sealed(world.ring, pepper: world.pepper),
    ] {
      let store = try AuthStore(over: world.backend, protection: protection, clock: world.clock, logger: logger)
      for _ in 0..<3 {
        let issued = try await store.sessions.create(.ada)
        _ = try await store.sessions.load(accessToken: issued.credentials.accessToken ?? "")
        _ = try await store.sessions.rotate(issued.credentials.refreshToken ?? "", clientID: "app")
      }
    }
    #expect(lines.all.withLock { $0.count } == 1)
    #expect(lines.all.withLock { $0.first?.contains("plaintext") } == true)
  }

  @Test("remembered digests are of good tokens only, and are as right as computed ones")
  func rememberedDigests() async throws {
    let world = try World()
    for capacity in [0, 1, 64] {
      let store = try world.process(AuthStore.Configuration(rememberedDigests: capacity))
      var tokens: [(String, Session)] = []
      for _ in 0..<20 {
        let issued = try await store.sessions.create(.ada)
        tokens.append((try #require(issued.credentials.accessToken), issued.session))
      }
      for _ in 0..<3 {
        for (token, session) in tokens {
          #expect(try await store.sessions.load(accessToken: token) == session)
          #expect(try await store.sessions.load(accessToken: "no" + token) == nil)
          #expect(try await store.sessions.load(id: token) == nil)
        }
      }
    }
  }
}
