import AuthCacheServers
import Testing

/// What the backends promise on servers that are hurt. One test at a time: each is to have the machine to itself.
@Suite(.serialized) enum RealDatabases {
  @Test(
    "the databases are on this machine; where they need not be, the tests of them are skipped",
    .enabled(if: missing.isEmpty || ServerKind.isRequired, "\(missing)"))
  static func installed() { #expect(missing.isEmpty, "\(missing)") }

  private static let missing = ServerKind.allCases.compactMap(\.whatIsMissing).joined(separator: "; ")
}
