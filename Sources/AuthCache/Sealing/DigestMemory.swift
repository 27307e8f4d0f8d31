internal import Synchronization

/// The digests of credentials that were good lately, so that one that comes with every request is not hashed each time.
///
/// Neither the credential nor anything it could be found from is kept: a digest is found by a keyed fingerprint of 128
/// bits, whose key is random and never leaves this memory. Only what was found in the store is remembered, so guesses
/// displace nothing. Reading takes no lock.
@usableFromInline
final class DigestMemory: Sendable {
  @usableFromInline
  typealias Fingerprint = SipHash.Output

  private let hash: SipHash
  private let sets: FixedArray<Set>

  /// - Parameter capacity: how many digests, rounded up to four times a power of two; zero for none.
  init(capacity: Int) {
    let system = SystemEntropy()
    hash = SipHash(key: system.next(), system.next())
    var count = capacity > 0 ? 1 : 0
    while count * 4 < min(capacity, 1 << 20) { count *= 2 }
    sets = FixedArray(count: count) { Set() }
  }

  @inline(__always)
  var isEnabled: Bool { sets.count > 0 }

  func fingerprint(of raw: UnsafeRawBufferPointer) -> Fingerprint { hash.hash(raw) }

  @inline(__always)
  func digest(of fingerprint: Fingerprint) -> RecordDigest? { sets[index(of: fingerprint)].digest(of: fingerprint) }

  func remember(_ digest: RecordDigest, of fingerprint: Fingerprint) {
    sets[index(of: fingerprint)].remember(digest, of: fingerprint)
  }

  @inline(__always)
  private func index(of fingerprint: Fingerprint) -> Int {
    Int(truncatingIfNeeded: fingerprint.low & UInt64(truncatingIfNeeded: sets.count - 1))
  }

  /// Four places for the fingerprints that fall here, so that a few in use at once don't drive each other out.
  private struct Set: ~Copyable, Sendable {
    private let turns = Atomic<UInt64>(0)
    private let place0 = Place()
    private let place1 = Place()
    private let place2 = Place()
    private let place3 = Place()

    @inline(__always)
    func digest(of fingerprint: Fingerprint) -> RecordDigest? {
      if let digest = place0.digest(of: fingerprint) { return digest }
      if let digest = place1.digest(of: fingerprint) { return digest }
      if let digest = place2.digest(of: fingerprint) { return digest }
      return place3.digest(of: fingerprint)
    }

    /// Takes the places in turn.
    func remember(_ digest: RecordDigest, of fingerprint: Fingerprint) {
      switch turns.wrappingAdd(1, ordering: .relaxed).oldValue & 3 {
      case 0: place0.remember(digest, of: fingerprint)
      case 1: place1.remember(digest, of: fingerprint)
      case 2: place2.remember(digest, of: fingerprint)
      default: place3.remember(digest, of: fingerprint)
      }
    }
  }

  /// A sequence lock: the count is odd while somebody writes, and a reader that saw it move has read nothing.
  private struct Place: ~Copyable, Sendable {
    private let count = Atomic<UInt64>(0)
    private let low = Atomic<UInt64>(0)
    private let high = Atomic<UInt64>(0)
    private let word0 = Atomic<UInt64>(0)
    private let word1 = Atomic<UInt64>(0)
    private let word2 = Atomic<UInt64>(0)
    private let word3 = Atomic<UInt64>(0)

    @inline(__always)
    func digest(of fingerprint: Fingerprint) -> RecordDigest? {
      let before = count.load(ordering: .acquiring)
      guard before != 0, before & 1 == 0, low.load(ordering: .relaxed) == fingerprint.low,
        high.load(ordering: .relaxed) == fingerprint.high
      else { return nil }
      let words = (
        word0.load(ordering: .relaxed), word1.load(ordering: .relaxed), word2.load(ordering: .relaxed),
        word3.load(ordering: .relaxed)
      )
      atomicMemoryFence(ordering: .acquiring)
      guard count.load(ordering: .relaxed) == before else { return nil }
      return RecordDigest(words: words)
    }

    func remember(_ digest: RecordDigest, of fingerprint: Fingerprint) {
      let before = count.load(ordering: .relaxed)
      // Somebody else is writing: then theirs is remembered.
      guard before & 1 == 0,
        count.compareExchange(expected: before, desired: before + 1, ordering: .acquiring).exchanged
      else { return }
      atomicMemoryFence(ordering: .releasing)
      low.store(fingerprint.low, ordering: .relaxed)
      high.store(fingerprint.high, ordering: .relaxed)
      word0.store(digest.words.0, ordering: .relaxed)
      word1.store(digest.words.1, ordering: .relaxed)
      word2.store(digest.words.2, ordering: .relaxed)
      word3.store(digest.words.3, ordering: .relaxed)
      count.store(before + 2, ordering: .releasing)
    }
  }
}

/// The digest of a credential, and under which fingerprint it is to be remembered if it proves good.
@usableFromInline
struct CredentialDigest: Sendable {
  let digest: RecordDigest
  let unremembered: DigestMemory.Fingerprint?
}

extension Digester {
  /// The digest of `raw`, from memory if it is there.
  func digest(_ raw: UnsafeRawBufferPointer, as role: DigestRole, in memory: DigestMemory) -> CredentialDigest {
    guard memory.isEnabled else { return CredentialDigest(digest: digest(raw, as: role), unremembered: nil) }
    let fingerprint = memory.fingerprint(of: raw)
    if let digest = memory.digest(of: fingerprint) { return CredentialDigest(digest: digest, unremembered: nil) }
    return CredentialDigest(digest: digest(raw, as: role), unremembered: fingerprint)
  }
}
