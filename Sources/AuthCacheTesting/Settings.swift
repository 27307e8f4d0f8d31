internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

/// What the environment variables ask for.
struct Settings: Sendable {
  /// The same for every check of this process.
  let seed: UInt64
  let only: String?
  let reports: String?
  let allowsBlocked: Bool
  let knownFailures: KnownFailures
  private let variables: [String: String]

  init(_ variables: [String: String]) {
    self.variables = variables
    seed = variables["AUTHCACHE_SEED"].flatMap(UInt64.init) ?? SystemEntropy().next() % 1_000_000
    only = variables["AUTHCACHE_ONLY"].flatMap { $0.isEmpty ? nil : $0 }
    reports = variables["AUTHCACHE_REPORT"].flatMap { $0.isEmpty ? nil : $0 }
    allowsBlocked = variables["AUTHCACHE_ALLOW_BLOCKED"] == "1"
    knownFailures = Self.knownFailures(variables["AUTHCACHE_KNOWN_FAILURES"])
  }

  /// The address of a backend that takes one, from the variable named for it.
  func url(of factory: BackendFactory) -> String? {
    guard !factory.schemes.isEmpty else { return nil }
    let name = factory.name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
    return variables["AUTHCACHE_\(String(name))_URL"]
  }

  /// A file that can't be read excuses nothing, and says so.
  private static func knownFailures(_ path: String?) -> KnownFailures {
    guard let path, !path.isEmpty else { return .none }
    do { return try KnownFailures(json: Data(contentsOf: URL(fileURLWithPath: path))) } catch {
      FileHandle.standardError.write(Data("AUTHCACHE_KNOWN_FAILURES: \(path): \(error)\n".utf8))
      return .none
    }
  }
}
