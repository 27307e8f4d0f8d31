import AuthCacheServers
import Testing

/// Tests that start servers: one at a time, because each start is a second of work for a whole core.
@Suite(.serialized) enum RealServers {
  /// Those that are on this machine, or that have to be.
  static let kinds = ServerKind.allCases.filter(\.canBeTested)

  @Test(
    "the servers are on this machine; where they need not be, the tests of them are skipped",
    .enabled(if: kinds.count == ServerKind.allCases.count, "\(missing)"))
  static func installed() { #expect(missing.isEmpty) }

  private static let missing = ServerKind.allCases.compactMap(\.whatIsMissing).joined(separator: "; ")
}
