#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One direction of a connection: bytes that were read and not yet handed on.
struct ProxyFlow {
  let from: Int32
  let to: Int32
  private var pieces: [(due: ContinuousClock.Instant, bytes: ArraySlice<UInt8>)] = []
  private var hasEnded = false
  private(set) var isShut = false
  /// The other side takes no more at present.
  private(set) var isBlocked = false
  private(set) var handedOn = 0

  init(from: Int32, to: Int32) {
    self.from = from
    self.to = to
  }

  var isEmpty: Bool { pieces.isEmpty }
  var wantsMore: Bool { !hasEnded && pieces.count < 64 }
  var nextDue: ContinuousClock.Instant? { isBlocked ? nil : pieces.first?.due }

  enum Read {
    case bytes([UInt8])
    case nothing
    case end
    case broken
  }

  mutating func read() -> Read {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      result = recv(from, buffer.baseAddress, buffer.count, 0)
      count = max(0, result)
    }
    if result > 0 { return .bytes(bytes) }
    if result < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .broken }
    hasEnded = true
    return .end
  }

  mutating func add(_ bytes: [UInt8], due: ContinuousClock.Instant) {
    pieces.append((max(due, pieces.last?.due ?? due), bytes[...]))
  }

  /// - Parameter drip: how long apart bytes go, one at a time; nil if they go as they came.
  /// - Returns: false if the connection is broken.
  mutating func pump(drip: Duration?, at now: ContinuousClock.Instant) -> Bool {
    isBlocked = false
    while let piece = pieces.first, piece.due <= now {
      guard let count = Sockets.sendSome(to, drip != nil ? piece.bytes.prefix(1) : piece.bytes) else { return false }
      handedOn += count
      if count == piece.bytes.count { pieces.removeFirst() } else { pieces[0].bytes = piece.bytes.dropFirst(count) }
      if count == 0 {
        isBlocked = true
        break
      }
      if let drip {
        if !pieces.isEmpty { pieces[0].due = max(pieces[0].due, now + drip) }
        break
      }
    }
    if hasEnded, pieces.isEmpty, !isShut {
      isShut = true
      shutdown(to, Int32(SHUT_WR))
    }
    return true
  }
}
