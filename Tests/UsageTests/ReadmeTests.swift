import AuthCache
import AuthCacheConformance
import AuthCacheSQLite
import AuthCacheTesting
import Foundation
import Testing

/// The code of the README, compiled and run.
@Suite struct ReadmeTests {
  @Test("the README's login works from the first redirect to the logout")
  func login() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("readme-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("auth.sqlite").path

    let backend = try await SQLiteBackend(path: path)
    let store = try AuthStore(
      over: backend, protection: .sealed(KeyRing(.generate(id: "2026-11")), pepper: .generate()))

    let state = try await store.states.store(LoginState(nonce: "n-0S6_WzA2Mj"))
    let login = try await store.states.consume(state)
    #expect(login?.nonce == "n-0S6_WzA2Mj")
    #expect(try await store.states.consume(state) == nil)

    let issued = try await store.sessions.create(
      SessionDetails(subject: SubjectIdentifier(issuer: "https://id.example", subject: "24400320")))
    let token = try #require(issued.credentials.accessToken)
    #expect(try await store.sessions.load(accessToken: token) != nil)
    #expect(try await store.revoke(SubjectIdentifier(issuer: "https://id.example", subject: "24400320")) == 1)
    #expect(try await store.sessions.load(accessToken: token) == nil)
    try await backend.close()
  }

  @Test("a factory of one's own is verified in one call", arguments: [Requirement.all[0]])
  func ownFactory(_ requirement: Requirement) async throws {
    let mine = BackendFactory("mine") { environment in MemoryBackend(clock: environment.clock) }
    try await verify(requirement, on: mine)
  }
}
