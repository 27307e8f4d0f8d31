import AuthCache
import AuthCachePostgres
import Foundation

/// A server of which several run on one PostgreSQL database, reduced to what the guide “Keeping caches fresh across
/// processes” is about: it obeys the lines on its standard input, and answers each with a line.
@main struct Server {
  // On the main thread, which may wait for a line without holding up the others.
  @MainActor static func main() async throws {
    let cache = try await cachedBackend()
    let store = try AuthStore(over: cache, protection: try protection())
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      switch (words.first, words.last) {
      case ("login", let name?):
        let issued = try await store.sessions.create(SessionDetails(subject: user(name)))
        answer(issued.credentials.accessToken ?? "")
      case ("who", let token?):
        let session = try await store.sessions.load(accessToken: token)
        answer(session?.subject?.subject ?? "nobody")
      case ("logout", let name?):
        answer("\(try await store.revoke(user(name))) ended")
      default:
        answer("\(cache.counts(of: .session).hits) served from memory")
      }
    }
    try await store.close()
  }

  static func user(_ name: String) -> SubjectIdentifier {
    SubjectIdentifier(issuer: "https://id.example", subject: name)
  }

  static func answer(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

func cachedBackend() async throws -> CachingBackend<PostgresBackend> {
  var configuration = try PostgresBackend.Configuration(environment: ProcessInfo.processInfo.environment)
  configuration.announcesChanges = true
  let backend = try await PostgresBackend(configuration: configuration)
  return CachingBackend(over: backend, invalidatedBy: InvalidationSource(backend))
}

/// The same in every process: what one has sealed, the others open.
func protection() throws -> AuthStore.Protection {
  let secrets = ProcessInfo.processInfo.environment
  let key = try SealingKey(id: "2026-11", secret: Data(base64Encoded: secrets["AUTH_KEY"] ?? "") ?? Data())
  let pepper = try Pepper(Data(base64Encoded: secrets["AUTH_PEPPER"] ?? "") ?? Data())
  return .sealed(KeyRing(key), pepper: pepper)
}
