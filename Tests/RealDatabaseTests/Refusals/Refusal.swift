import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

/// Why no connection is had: one clear sentence.
enum Refusal {
  /// One that an address has to encode.
  static let password = "hunter2/correct horse@battery"

  /// Expects opening to fail with these words, in the backend's error and from the command, and without a secret.
  static func expect(
    _ database: Database, _ url: String, saying words: String..., code: AuthCacheError.Code = .unavailable,
    location: SourceLocation = #_sourceLocation
  ) async throws {
    let log = WatchedLog()
    var settings = Database.Settings()
    settings.logger = log.logger
    let opened = try await failure { _ = try await database.open(url, settings) }
    let error = try #require(opened, "it opened", sourceLocation: location)
    #expect(error.code == code, sourceLocation: location)
    #expect(error.effect == .none, sourceLocation: location)
    for word in words { #expect(error.reason.contains(word), "\(error.reason)", sourceLocation: location) }
    #expect(!error.reason.contains("\n") && !error.reason.contains(". "), "one sentence", sourceLocation: location)

    let child = try ChildProcess(
      ChildLauncher(executable: ChildLauncher.product("authcache").executable, arguments: ["verify"]),
      ["--url", url, "--requirement", "record.store.readable"])
    var output = ""
    for await line in child.lines { output += line + "\n" }
    #expect(await child.wait() == .status(3), "\(output)\(child.diagnostics)", sourceLocation: location)
    // The same sentence, on a line of its own.
    #expect(
      child.diagnostics.split(separator: "\n").contains("\(database.factory): blocked: \(error.reason)"),
      "\(child.diagnostics)", sourceLocation: location)
    output += child.diagnostics
    let flat = output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for word in words { #expect(flat.contains(word), "\(output)", sourceLocation: location) }

    let secrets = try secrets(in: url)
    for text in ["\(error)", error.debugDescription, String(reflecting: error), log.text, output] {
      for secret in secrets { #expect(!text.contains(secret), sourceLocation: location) }
    }
  }

  /// The password as it stands in the address, and as it is.
  private static func secrets(in url: String) throws -> [String] {
    let authority = try #require(url.split(separator: "@").first)
    let encoded = try #require(authority.split(separator: ":", maxSplits: 2).dropFirst(2).first)
    let raw = try #require(String(encoded).removingPercentEncoding)
    #expect(raw.count > 8)
    return [String(encoded), raw]
  }
}
