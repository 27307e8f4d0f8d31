import AuthCache
import Foundation

/// A folder of one test's own, removed with it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var file: String { path + "/auth.sqlite" }
}

func record(
  _ number: UInt64, kind: RecordKind = .session, clock: any AuthCacheClock = .system, life: Duration = .seconds(600),
  aliases: Aliases = .none
) -> Record {
  Record(
    kind: kind, digest: RecordDigest(words: (number, 1, 2, 3)), revision: number, createdAt: clock.now,
    expiresAt: clock.now + life, aliases: aliases, payload: [UInt8(truncatingIfNeeded: number), 0xA7, 0x5E])
}
