internal import Synchronization

/// The bytes of a record, opaque to every backend and returned exactly as they were stored.
///
/// Immutable, so a caller that keeps or changes the array it stored changes nothing here. Beside the bytes there is
/// one slot for what they opened to: a record served again from memory is neither decrypted nor decoded again. The
/// slot is no part of the value and never leaves the process.
public final class Payload: Sendable {
  /// The bytes, as they were stored.
  public let bytes: [UInt8]

  // Written at most once and released with the payload, so whoever reads it finds it alive. By hand, because
  // AtomicLazyReference looks its generic type up at each load, which costs more than the rest of a hit.
  private let firstOpening = Atomic<Unmanaged<OpenedPayload>?>(nil)

  /// A copy of the bytes.
  public init(_ bytes: some Sequence<UInt8>) { self.bytes = [UInt8](bytes) }

  deinit { firstOpening.load(ordering: .acquiring)?.release() }

  /// No bytes.
  public static let empty = Payload([])

  /// The number of bytes.
  public var count: Int { bytes.count }

  /// What the owner of the bytes remembered of them, under the ring as it is at `epoch`.
  @inline(__always)
  func opened(at epoch: SealingEpoch) -> OpenedPayload? {
    guard let first = firstOpening.load(ordering: .acquiring)?.takeUnretainedValue() else { return nil }
    return first.epoch == epoch ? first : first.reopened(at: epoch)
  }

  /// Remembers what the bytes opened to. The first opening stays for good, so that reading it takes no lock; one under
  /// a ring that has changed since is remembered beside it.
  func remember(_ opened: OpenedPayload) {
    let retained = Unmanaged.passRetained(opened)
    let (isFirst, first) = firstOpening.compareExchange(
      expected: nil, desired: retained, ordering: .acquiringAndReleasing)
    guard !isFirst else { return }
    retained.release()
    first?.takeUnretainedValue().remember(reopened: opened)
  }
}

extension Payload: Hashable {
  public static func == (a: Payload, b: Payload) -> Bool { a === b || a.bytes == b.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension Payload: ExpressibleByArrayLiteral {
  public convenience init(arrayLiteral elements: UInt8...) { self.init(elements) }
}

extension Payload: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Payload(\(count) bytes)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
