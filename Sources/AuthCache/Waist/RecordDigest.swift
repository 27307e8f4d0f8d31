/// Thirty-two bytes that stand for a token or an identifier; the original never reaches a backend.
///
/// Kept as four words, so that copying allocates nothing and hashing reads one word: the bytes are the output of a
/// cryptographic hash and need no further mixing. The description says nothing about the bytes.
public struct RecordDigest: Hashable, Sendable {
  /// The bytes, eight at a time, most significant byte first. Ordering by words is ordering by bytes.
  public let words: (UInt64, UInt64, UInt64, UInt64)

  /// The number of bytes of a digest.
  public static let byteCount = 32

  /// The digest of these words, each of eight bytes, most significant first.
  public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Returns nil unless there are exactly 32 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    self.words = (
      UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2), UInt64(bigEndian: words.3)
    )
  }

  /// Calls `body` with the 32 bytes, which are valid during the call only.
  @inlinable
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let stored = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    return try Swift.withUnsafeBytes(of: stored) { bytes throws(Failure) in try body(bytes) }
  }

  /// The 32 bytes, copied.
  public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  @inlinable
  public static func == (a: RecordDigest, b: RecordDigest) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
  }

  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

extension RecordDigest: Comparable {
  public static func < (a: RecordDigest, b: RecordDigest) -> Bool {
    (a.words.0, a.words.1, a.words.2, a.words.3) < (b.words.0, b.words.1, b.words.2, b.words.3)
  }
}

extension RecordDigest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "RecordDigest(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
