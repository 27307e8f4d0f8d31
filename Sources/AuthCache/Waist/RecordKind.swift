/// What a record is about: a login state, an authorization code, a session.
///
/// The set is open. A kind is short readable text because it is stored as text: 1 to 15 characters out of
/// `A-Z a-z 0-9 . _ -`. The same digest under two kinds is two records.
///
/// ```swift
/// extension RecordKind {
///   static let deviceCode: RecordKind = "deviceCode"
/// }
/// ```
public struct RecordKind: RawRepresentable, Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
  /// The characters, eight to a word, the first one highest; what is left of the sixteen bytes is zero. So a kind is
  /// copied without counting references, and ordering by words is ordering by characters.
  @usableFromInline
  let words: (UInt64, UInt64)

  /// Returns nil unless `rawValue` is 1 to 15 characters out of `A-Z a-z 0-9 . _ -`.
  public init?(rawValue: String) {
    guard (1...15).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy(Self.allows) else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: rawValue.utf8) }
    self.words = (UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
  }

  public var rawValue: String {
    withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian)) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  @inlinable
  public static func == (a: RecordKind, b: RecordKind) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// A kind spelled out in source. Stops the program if the text is not a valid kind.
  public init(stringLiteral value: String) {
    guard let kind = Self(rawValue: value) else {
      preconditionFailure("a record kind is 1 to 15 characters out of A-Z a-z 0-9 . _ -")
    }
    self = kind
  }

  /// A login that has begun. Used once.
  public static let state: RecordKind = "state"
  /// A PKCE verifier. Used once.
  public static let verifier: RecordKind = "verifier"
  /// An authorization code. Used once.
  public static let code: RecordKind = "code"
  /// A session.
  public static let session: RecordKind = "session"
  /// A refresh token that was rotated. Inserted once.
  public static let spentRefresh: RecordKind = "spentRefresh"
  /// A registered client.
  public static let client: RecordKind = "client"

  /// The kinds that the typed vocabulary writes.
  public static let standard: [RecordKind] = [.state, .verifier, .code, .session, .spentRefresh, .client]

  public static func < (a: RecordKind, b: RecordKind) -> Bool { a.words < b.words }

  private static func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension RecordKind: CustomStringConvertible {
  public var description: String { rawValue }
}
