internal import Crypto

/// Turns tokens and identifiers into the digests that stand for them in a store.
///
/// A digest is SHA-256, or HMAC-SHA-256 (RFC 2104) where a pepper covers the role, over
/// `0x01 ‖ length of the role, one byte ‖ role ‖ raw bytes`.
///
/// ```swift
/// let digester = Digester(pepper: pepper)
/// let digest = digester.digest(token, as: .accessToken)
/// ```
public struct Digester: Sendable {
  /// Which digests are keyed by the pepper.
  public enum Coverage: Sendable, Hashable {
    /// Every digest.
    case everything
    /// Those whose input can be guessed: groups, clients and client secrets. Enough where every token is one that this
    /// package generated; a token that an application chose itself may be guessed as well.
    case guessable
  }

  /// The two hashers of HMAC, each having taken in its half of the key.
  private struct Keyed: Sendable {
    let inner: SHA256
    let outer: SHA256
    let coverage: Coverage
  }

  private let keyed: Keyed?
  private let allowsUnpepperedGroups: Bool

  /// Keys the digests by `pepper`.
  public init(pepper: Pepper, covering coverage: Coverage = .everything) {
    var key = pepper.bytes.count > SHA256.blockByteCount ? [UInt8](SHA256.hash(data: pepper.bytes)) : pepper.bytes
    key += [UInt8](repeating: 0, count: SHA256.blockByteCount - key.count)
    var inner = SHA256()
    inner.update(data: key.map { $0 ^ 0x36 })
    var outer = SHA256()
    outer.update(data: key.map { $0 ^ 0x5C })
    keyed = Keyed(inner: inner, outer: outer, coverage: coverage)
    allowsUnpepperedGroups = true
  }

  private init(allowingUnpepperedGroups: Bool) {
    keyed = nil
    allowsUnpepperedGroups = allowingUnpepperedGroups
  }

  /// Plain SHA-256. Whoever reads the store can then find out which records belong to a subject they can name, so a
  /// store that revokes by group refuses it unless `allowingGroups` is true.
  public static func unpeppered(allowingGroups: Bool = false) -> Digester {
    Digester(allowingUnpepperedGroups: allowingGroups)
  }

  /// Whether digests of groups may be made: there is a pepper, or going without was asked for.
  var coversGroups: Bool { keyed != nil || allowsUnpepperedGroups }

  /// The digest that stands for `raw` in the role `role`.
  @inlinable
  public func digest(_ raw: some TokenBytes, as role: DigestRole) -> RecordDigest {
    raw.withTokenBytes { digest($0, as: role) }
  }

  @usableFromInline
  func digest(_ raw: UnsafeRawBufferPointer, as role: DigestRole) -> RecordDigest {
    var name = role.rawValue
    return name.withUTF8 { name in
      let count = 2 + name.count + raw.count
      // Short inputs are put together on the stack and hashed in one go.
      guard count <= 512 else { return longDigest(raw, name: name, as: role) }
      return withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { input in
        input[0] = 0x01
        input[1] = UInt8(truncatingIfNeeded: name.count)
        UnsafeMutableRawBufferPointer(rebasing: input[2...]).copyMemory(from: UnsafeRawBufferPointer(name))
        UnsafeMutableRawBufferPointer(rebasing: input[(2 + name.count)...]).copyMemory(from: raw)
        var hasher = start(role)
        hasher.update(bufferPointer: UnsafeRawBufferPointer(input))
        return finish(hasher, role)
      }
    }
  }

  private func longDigest(
    _ raw: UnsafeRawBufferPointer, name: UnsafeBufferPointer<UInt8>, as role: DigestRole
  ) -> RecordDigest {
    var hasher = start(role)
    hasher.update(data: [0x01, UInt8(truncatingIfNeeded: name.count)])
    hasher.update(bufferPointer: UnsafeRawBufferPointer(name))
    hasher.update(bufferPointer: raw)
    return finish(hasher, role)
  }

  private func start(_ role: DigestRole) -> SHA256 {
    keyed(role)?.inner ?? SHA256()
  }

  private func finish(_ hasher: SHA256, _ role: DigestRole) -> RecordDigest {
    let digest = hasher.finalize()
    guard let keyed = keyed(role) else { return RecordDigest(digest) }
    var outer = keyed.outer
    digest.withUnsafeBytes { outer.update(bufferPointer: $0) }
    return RecordDigest(outer.finalize())
  }

  private func keyed(_ role: DigestRole) -> Keyed? {
    guard let keyed else { return nil }
    switch keyed.coverage {
    case .everything: return keyed
    case .guessable: return role.isGuessable ? keyed : nil
    }
  }
}

extension RecordDigest {
  fileprivate init(_ digest: SHA256.Digest) {
    let words = digest.withUnsafeBytes { bytes in
      (
        bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      )
    }
    self.init(
      words: (
        UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2), UInt64(bigEndian: words.3)
      ))
  }
}

extension Digester: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { keyed == nil ? "Digester(unpeppered)" : "Digester(peppered)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
