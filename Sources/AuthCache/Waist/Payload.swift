internal import Synchronization

/// The bytes of a record, opaque to every backend and returned exactly as they were stored.
///
/// Immutable, so a caller that keeps or changes the array it stored changes nothing here. Beside the bytes there is
/// one slot for what they opened to: a record served again from memory is neither decrypted nor decoded again. The
/// slot is no part of the value, is filled at most once for each key ring, and never leaves the process.
public final class Payload: Sendable {
  public let bytes: [UInt8]

  private let memo = Mutex<OpenedPayload?>(nil)

  public init(_ bytes: some Sequence<UInt8>) { self.bytes = [UInt8](bytes) }

  public static let empty = Payload([])

  /// The number of bytes.
  public var count: Int { bytes.count }

  /// What the owner of the bytes remembered of them.
  var opened: OpenedPayload? {
    get { memo.withLock { $0 } }
    set { memo.withLock { $0 = newValue } }
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
