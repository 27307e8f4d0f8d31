/// What left the two parts of a ``TinyLFU`` last: a hash and a number each, in a table where a newcomer takes the place of
/// whoever has it.
struct RecentlyGone: Sendable {
  enum Part: UInt32 { case window, main }

  private struct Trace: Sendable {
    var tag: UInt32 = 0
    /// The number among those that left the same part, and that part in the lowest bit; zero if nobody is here.
    var number: UInt32 = 0
  }

  private var traces: [Trace]
  private let mask: Int
  private var left: (window: UInt32, main: UInt32) = (0, 0)
  /// How many of the last that left a part count.
  private let depth: UInt32

  init(capacity: Int) {
    depth = UInt32(max(2, min(capacity * 3 / 100, 1 << 24)))
    var count = 16
    while count < 8 * Int(depth) { count *= 2 }
    traces = Array(repeating: Trace(), count: count)
    mask = count - 1
  }

  /// What has `hash` leaves `part`.
  mutating func leave(_ part: Part, _ hash: UInt64) {
    let number: UInt32
    switch part {
    case .window:
      left.window &+= 1
      number = left.window
    case .main:
      left.main &+= 1
      number = left.main
    }
    traces[place(of: hash)] = Trace(tag: tag(of: hash), number: number << 1 | part.rawValue)
  }

  /// What has `hash` comes back: the part that it left among the last, nil if it did not.
  mutating func comeBack(_ hash: UInt64) -> Part? {
    let place = place(of: hash)
    let trace = traces[place]
    guard trace.number != 0, trace.tag == tag(of: hash) else { return nil }
    traces[place] = Trace()
    let part: Part = trace.number & 1 == 0 ? .window : .main
    let last = part == .window ? left.window : left.main
    return (last &- trace.number >> 1) & .max >> 1 < depth ? part : nil
  }

  private func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 8) & mask }
  private func tag(of hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }
}
