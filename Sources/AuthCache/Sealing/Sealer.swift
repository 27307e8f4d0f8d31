internal import Crypto

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Seals payloads before a backend sees them, and opens them again.
///
/// A sealer with keys never takes plaintext for sealed, and one without never takes sealed for plaintext: either is
/// `corrupt`, never absent.
public struct Sealer: Sendable {
  private enum Mode: Sendable {
    case sealing(KeyRing)
    case plaintext
  }

  private let mode: Mode
  /// Told of each payload that is opened, for those who count.
  var onOpening: (@Sendable () -> Void)?

  /// Seals under the first key of `ring` and opens with any.
  public static func sealing(with ring: KeyRing) -> Sealer { Sealer(mode: .sealing(ring)) }

  /// Leaves payloads as they are. Whoever reads the store reads them; whoever writes to it forges them.
  public static let plaintext = Sealer(mode: .plaintext)

  /// False if payloads stay as they are.
  public var seals: Bool {
    if case .sealing = mode { true } else { false }
  }

  /// What a payload opened to may be remembered under: the ring and how often it has changed. Read it before opening.
  var epoch: SealingEpoch {
    switch mode {
    case .sealing(let ring): SealingEpoch(ring: ring.identity, generation: ring.generation)
    case .plaintext: SealingEpoch(ring: 0, generation: 0)
    }
  }

  /// Seals `content` to its record, under a random nonce.
  ///
  /// - Throws: `invalidArgument` if the cipher refuses, which no input of this size does.
  public func seal(_ content: [UInt8], for context: SealingContext) throws(AuthCacheError) -> [UInt8] {
    // From the system, whatever source the application injects: a repeated nonce would give the content away.
    try seal(content, for: context, nonce: SystemEntropy().bytes(SealedFormat.nonceByteCount))
  }

  func seal(_ content: [UInt8], for context: SealingContext, nonce: [UInt8]) throws(AuthCacheError) -> [UInt8] {
    guard case .sealing(let ring) = mode else { return content }
    let key = ring.sealingKey
    let data = context.associatedData
    do {
      switch key.algorithm {
      case .aes256GCM:
        let box = try AES.GCM.seal(
          content, using: key.secret, nonce: AES.GCM.Nonce(data: nonce), authenticating: data)
        return SealedFormat.layOut(key, nonce: nonce, ciphertext: box.ciphertext, tag: box.tag)
      case .chaCha20Poly1305:
        let box = try ChaChaPoly.seal(
          content, using: key.secret, nonce: ChaChaPoly.Nonce(data: nonce), authenticating: data)
        return SealedFormat.layOut(key, nonce: nonce, ciphertext: box.ciphertext, tag: box.tag)
      }
    } catch {
      throw AuthCacheError(.invalidArgument, operation: .seal, kind: context.kind, "the payload can't be sealed")
    }
  }

  /// The content that was sealed to this record.
  ///
  /// - Throws: `corrupt` if the payload was not sealed, was sealed under a key that is not on the ring, was altered, or
  ///   belongs to another record.
  public func open(_ payload: [UInt8], for context: SealingContext) throws(AuthCacheError) -> [UInt8] {
    try opened(payload, for: context).content
  }

  /// Opens the payload and says whether it was sealed under another key than the one that seals now.
  func opened(
    _ payload: [UInt8], for context: SealingContext
  ) throws(AuthCacheError) -> (content: [UInt8], isOutdated: Bool) {
    onOpening?()
    guard case .sealing(let ring) = mode else {
      guard payload.first != SealedFormat.version else {
        throw corrupt(context, "the payload is sealed and this store has no keys")
      }
      return (payload, false)
    }
    guard let sealed = SealedFormat(payload) else { throw corrupt(context, "the payload is not sealed") }
    guard let key = ring.key(id: sealed.keyID), key.algorithm == sealed.algorithm else {
      throw corrupt(context, "the payload was sealed under a key that is not on the ring")
    }
    do {
      let data = context.associatedData
      let content: Data
      switch key.algorithm {
      case .aes256GCM:
        let box = try AES.GCM.SealedBox(
          nonce: AES.GCM.Nonce(data: sealed.nonce), ciphertext: sealed.ciphertext, tag: sealed.tag)
        content = try AES.GCM.open(box, using: key.secret, authenticating: data)
      case .chaCha20Poly1305:
        let box = try ChaChaPoly.SealedBox(
          nonce: ChaChaPoly.Nonce(data: sealed.nonce), ciphertext: sealed.ciphertext, tag: sealed.tag)
        content = try ChaChaPoly.open(box, using: key.secret, authenticating: data)
      }
      return ([UInt8](content), key.id != ring.sealingKey.id)
    } catch {
      throw corrupt(context, "the payload was altered, or belongs to another record")
    }
  }

  private func corrupt(_ context: SealingContext, _ reason: String) -> AuthCacheError {
    AuthCacheError(.corrupt, operation: .unseal, kind: context.kind, reason)
  }
}

/// A ring at one moment of its life.
struct SealingEpoch: Equatable, Sendable {
  let ring: UInt64
  let generation: UInt64
}

extension AuthCacheError.Operation {
  static let seal: AuthCacheError.Operation = "seal"
  static let unseal: AuthCacheError.Operation = "unseal"
}

extension Sealer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { seals ? "Sealer(sealing)" : "Sealer(plaintext)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
