import AuthCache
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The test vectors of `Fixtures/Vectors`, which were computed by other software.
enum Vectors {
  struct Digests: Decodable {
    struct Digest: Decodable {
      var note: String
      var role: String
      var raw: String?
      /// Instead of `raw`: this many bytes counting up from zero, over and over.
      var rawLength: Int?
      var sha256: String
      var hmac: String
      var hmacLongPepper: String

      var bytes: [UInt8] {
        raw.map { [UInt8](hex: $0) } ?? (0..<(rawLength ?? 0)).map { UInt8(truncatingIfNeeded: $0) }
      }
    }

    struct Group: Decodable {
      var note: String
      var role: String
      var parts: [String]
      var sha256: String
      var hmac: String
    }

    var pepper: String
    var longPepper: String
    var digests: [Digest]
    var groups: [Group]
  }

  struct Payloads: Decodable {
    struct Payload: Decodable {
      var note: String
      var algorithm: String
      var keyID: String
      var key: String
      var nonce: String
      var content: String
      var kind: String
      var digest: String
      var accessToken: String?
      var refreshToken: String?
      var subject: String?
      var providerSession: String?
      var grant: String?
      var createdAt: Int64
      var revision: String
      var associatedData: String
      var payload: String
    }

    var payloads: [Payload]
  }

  static func digests() throws -> Digests { try load("digests.json") }
  static func payloads() throws -> Payloads { try load("payloads.json") }

  private static func load<Content: Decodable>(_ name: String) throws -> Content {
    // …/Tests/AuthCacheTests/Sealing/Vectors.swift: the fixtures lie four levels up.
    var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    path.removeLast(4)
    let data = try Data(contentsOf: URL(filePath: path.joined(separator: "/") + "/Fixtures/Vectors/" + name))
    return try JSONDecoder().decode(Content.self, from: data)
  }
}

extension [UInt8] {
  init(hex: String) {
    let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

extension RecordDigest {
  init(hex: String) throws { self = try #require(RecordDigest(bytes: [UInt8](hex: hex))) }

  var hex: String { bytes.hex }
}
