/// What left the two parts of a ``TinyLFU`` last.
struct RecentlyGone: Sendable {
  enum Part { case window, main }

  private var window: Departures
  private var main: Departures

  init(capacity: Int) {
    // Three in a hundred: enough to be met again, few enough to say what a little more room would be worth.
    let depth = max(2, min(capacity * 3 / 100, 1 << 24))
    window = Departures(depth: depth)
    main = Departures(depth: depth)
  }

  /// What has `hash` leaves `part`.
  mutating func leave(_ part: Part, _ hash: UInt64) {
    switch part {
    case .window: window.note(hash)
    case .main: main.note(hash)
    }
  }

  /// What has `hash` comes back: the part that it left among the last, nil if it did not.
  mutating func comeBack(_ hash: UInt64) -> Part? {
    let (fromWindow, fromMain) = (window.take(hash), main.take(hash))
    return fromWindow ? .window : fromMain ? .main : nil
  }
}

/// The last few hashes, each with its number, in a table where a newcomer takes the place of whoever has it.
private struct Departures: Sendable {
  private struct Trace: Sendable {
    var tag: UInt32 = 0
    /// Zero if nobody is here.
    var number: UInt32 = 0
  }

  private var traces: [Trace]
  private let mask: Int
  private var last: UInt32 = 0
  private let depth: UInt32

  init(depth: Int) {
    self.depth = UInt32(depth)
    var count = 16
    while count < 8 * depth { count *= 2 }
    traces = Array(repeating: Trace(), count: count)
    mask = count - 1
  }

  mutating func note(_ hash: UInt64) {
    last = last == .max ? 1 : last + 1
    traces[place(of: hash)] = Trace(tag: tag(of: hash), number: last)
  }

  /// Whether `hash` is among the last. It is no longer then.
  mutating func take(_ hash: UInt64) -> Bool {
    let place = place(of: hash)
    let trace = traces[place]
    guard trace.number != 0, trace.tag == tag(of: hash) else { return false }
    traces[place] = Trace()
    return last &- trace.number <= depth
  }

  private func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 8) & mask }
  private func tag(of hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }
}
