/// Acknowledged stores in the order of their calls, which the ``WriteQueue`` has not been told of yet.
///
/// As long as other writes wait already, and neither a batch nor the buffer becomes full by it, one more changes nothing
/// that anybody has to be told: it is appended here and nowhere else. What it means for the queue is worked out by the
/// next one who looks at that.
struct WriteLog: Sendable {
  private var records: [Record] = []
  /// How many more may come before somebody must look at the queue.
  var room = 0

  /// Takes `record` in, or says that there is no room.
  @inline(__always)
  mutating func append(_ record: Record) -> Bool {
    guard room > 0 else { return false }
    room &-= 1
    records.append(record)
    return true
  }

  var isEmpty: Bool { records.isEmpty }

  /// Hands everything to `body` in order, and forgets it.
  mutating func drain(_ body: (Record) -> Void) {
    for record in records { body(record) }
    records.removeAll(keepingCapacity: true)
  }
}

extension WriteQueue {
  /// Admits what was logged. There was room for all of it when it came.
  mutating func absorb(_ log: inout WriteLog, at clock: any AuthCacheClock) {
    guard !log.isEmpty else { return }
    let now = clock.now
    log.drain { record in
      _ = admit(.store(record), waiter: nil, isQueued: true, at: now)
    }
  }

  /// How many acknowledged stores may come before one makes a flush begin, has to wait, or brings news to its caller.
  /// None while nothing waits: with the first one the delay begins.
  var roomWithoutConsequence: Int {
    guard ready > 0, keepsFailures, untold == nil, arrivals.isEmpty else { return 0 }
    let room = configuration.capacity - count - 1
    // What is due already is on its way, or has its turn as soon as what is under way has ended.
    let isDue = configuration.maxDelay == .zero || ready >= configuration.maxBatch || lastNumber <= forcedThrough
    return isDue ? room : min(room, configuration.maxBatch - ready - 1)
  }
}
