internal import Crypto

/// One key of a ``KeyRing``: an identifier that is stored in the open, and a secret of 256 bits.
///
/// Under one key of AES-256-GCM with random nonces at most 2³² payloads are to be sealed (NIST SP 800-38D §8.3); put a
/// new one on the ring before.
public struct SealingKey: Sendable {
  /// An authenticated cipher.
  public enum Algorithm: String, Sendable, Hashable, CaseIterable {
    /// AES-256 in Galois/Counter Mode (NIST SP 800-38D).
    case aes256GCM
    /// ChaCha20-Poly1305 (RFC 8439). For machines without AES instructions.
    case chaCha20Poly1305
  }

  public let id: String
  /// The cipher it is for.
  public let algorithm: Algorithm
  let secret: SymmetricKey

  /// The number of bytes of a secret.
  public static let secretByteCount = 32

  /// - Parameters:
  ///   - id: 1 to 64 characters out of `A-Z a-z 0-9 . _ -`. Stored beside each payload that the key sealed.
  ///   - secret: 32 bytes from a cryptographically secure generator.
  /// - Throws: `invalidArgument` for any other id or number of bytes.
  public init(
    id: String, secret: some Collection<UInt8>, algorithm: Algorithm = .aes256GCM
  ) throws(AuthCacheError) {
    guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(Self.allows) else {
      throw AuthCacheError(
        .invalidArgument, operation: .configure, "a key id is 1 to 64 characters out of A-Z a-z 0-9 . _ -")
    }
    guard secret.count == Self.secretByteCount else {
      throw AuthCacheError(.invalidArgument, operation: .configure, "a sealing key has \(Self.secretByteCount) bytes")
    }
    self.id = id
    self.algorithm = algorithm
    self.secret = SymmetricKey(data: [UInt8](secret))
  }

  /// A new random key. For tests: what it sealed is lost with it.
  ///
  /// - Throws: `invalidArgument` if `id` is no key id.
  public static func generate(
    id: String, algorithm: Algorithm = .aes256GCM
  ) throws(AuthCacheError) -> SealingKey {
    try SealingKey(id: id, secret: SystemEntropy().bytes(secretByteCount), algorithm: algorithm)
  }

  private static func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension SealingKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SealingKey(\(id), \(algorithm.rawValue))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
