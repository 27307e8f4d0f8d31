/// The layout of a sealed payload:
/// `version ‖ algorithm ‖ length of the key id ‖ key id ‖ nonce, 12 bytes ‖ ciphertext ‖ tag, 16 bytes`, with one byte
/// each for version, algorithm and length. No JSON text begins with the version byte, so neither is taken for the
/// other.
struct SealedFormat {
  static let version: UInt8 = 0x01
  static let nonceByteCount = 12
  static let tagByteCount = 16

  let algorithm: SealingKey.Algorithm
  let keyID: ArraySlice<UInt8>
  let nonce: ArraySlice<UInt8>
  let ciphertext: ArraySlice<UInt8>
  let tag: ArraySlice<UInt8>

  /// Returns nil for what is not laid out so.
  init?(_ payload: [UInt8]) {
    guard payload.count >= 3, payload[0] == Self.version,
      let algorithm = SealingKey.Algorithm(code: payload[1])
    else { return nil }
    var rest = payload[3...]
    guard rest.count >= Int(payload[2]) + Self.nonceByteCount + Self.tagByteCount else { return nil }
    self.algorithm = algorithm
    keyID = rest.prefix(Int(payload[2]))
    rest = rest.dropFirst(keyID.count)
    nonce = rest.prefix(Self.nonceByteCount)
    rest = rest.dropFirst(Self.nonceByteCount)
    tag = rest.suffix(Self.tagByteCount)
    ciphertext = rest.dropLast(Self.tagByteCount)
  }

  static func layOut(
    _ key: SealingKey, nonce: some Collection<UInt8>, ciphertext: some Collection<UInt8>, tag: some Collection<UInt8>
  ) -> [UInt8] {
    var payload: [UInt8] = [version, key.algorithm.code, UInt8(truncatingIfNeeded: key.id.utf8.count)]
    payload.reserveCapacity(3 + key.id.utf8.count + nonce.count + ciphertext.count + tag.count)
    payload += key.id.utf8
    payload += nonce
    payload += ciphertext
    payload += tag
    return payload
  }
}

extension SealingKey.Algorithm {
  fileprivate var code: UInt8 {
    switch self {
    case .aes256GCM: 1
    case .chaCha20Poly1305: 2
    }
  }

  fileprivate init?(code: UInt8) {
    guard let algorithm = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = algorithm
  }
}
