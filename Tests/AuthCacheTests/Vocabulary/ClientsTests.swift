import AuthCache
import AuthCacheConformance
import Testing

@Suite struct ClientsTests {
  private let client = Client(
    id: "app", name: "App", redirectURIs: ["https://app.example/callback"], scopes: ["openid"], data: ["tier": "gold"])

  @Test("a client is stored, loaded as often as wanted, replaced and deleted")
  func operations() async throws {
    let store = try World().process()
    try await store.clients.store(client)
    for _ in 0..<2 { #expect(try await store.clients.load(id: "app") == client) }
    #expect(try await store.clients.load(id: "APP") == nil)
    var renamed = client
    renamed.name = "Other"
    try await store.clients.store(renamed)
    #expect(try await store.clients.load(id: "app") == renamed)
    #expect(try await store.clients.delete(id: "app"))
    #expect(try await !store.clients.delete(id: "app"))
    #expect(try await store.clients.load(id: "app") == nil)
  }

  @Test("a client without an end stays; one with an end goes, whatever its row says")
  func expiry() async throws {
    let world = try World()
    let store = try world.process()
    try await store.clients.store(client)
    var short = Client(id: "short")
    short.expiresAt = world.clock.now + .seconds(10)
    try await store.clients.store(short)
    for record in try await world.records(.client) { _ = try await world.backend.extend(record.id, to: .distantFuture) }
    world.clock.advance(by: .milliseconds(9_999))
    #expect(try await store.clients.load(id: "short") == short)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.clients.load(id: "short") == nil)
    #expect(try await store.clients.list() == [client])
    world.clock.advance(by: .seconds(1_000_000_000))
    #expect(try await store.clients.load(id: "app") == client)
  }

  @Test("every client is listed once, over any size of page")
  func list() async throws {
    let store = try World().process()
    #expect(try await store.clients.list().isEmpty)
    for index in 0..<25 { try await store.clients.store(Client(id: "client-\(index)")) }
    let all = try await store.clients.list()
    #expect(Set(all.map(\.id)).count == 25)
    for limit in [1, 5, 24, 25, 26] {
      var found: [Client] = []
      var cursor: ClientPage.Cursor?
      repeat {
        let page = try await store.clients.page(after: cursor, limit: limit)
        #expect(page.clients.count <= limit)
        found += page.clients
        cursor = page.next
      } while cursor != nil
      #expect(found == all)
    }
    await expectError(.invalidArgument) { _ = try await store.clients.page(limit: 0) }
  }

  @Test("a client is authenticated by its own secret only, and a public one never is")
  func authentication() async throws {
    let store = try World().process()
    try await store.clients.store(client, secret: "s3cret")
    try await store.clients.store(Client(id: "public"))
    try await store.clients.store(Client(id: "other"), secret: "else")
    #expect(try await store.clients.authenticate(id: "app", secret: "s3cret")?.isConfidential == true)
    #expect(try await store.clients.authenticate(id: "app", secret: "S3cret") == nil)
    #expect(try await store.clients.authenticate(id: "app", secret: "") == nil)
    #expect(try await store.clients.authenticate(id: "other", secret: "s3cret") == nil)
    #expect(try await store.clients.authenticate(id: "public", secret: "") == nil)
    #expect(try await store.clients.authenticate(id: "unknown", secret: "s3cret") == nil)
    #expect(try await store.clients.load(id: "public")?.isConfidential == false)
  }

  @Test("a client sealed under an older key is sealed anew when it is loaded")
  func resealed() async throws {
    let world = try World()
    let store = try world.process()
    try await store.clients.store(client, secret: "s3cret")
    try world.ring.add(.generate(id: "second"))
    #expect(try await store.clients.load(id: "app") != nil)
    try world.ring.remove(id: "first")
    #expect(try await store.clients.authenticate(id: "app", secret: "s3cret") != nil)
  }
}
