internal import HeapModule

/// Which positions of a ``RecordTable`` may be due, earliest first.
///
/// A position has one appointment, at or before the end of what is there. An end that moves later costs nothing: when
/// the appointment comes, whoever keeps it looks again and makes a new one. An end that moves earlier leaves the old
/// appointment void; before void ones outnumber the others the queue is made anew.
struct ExpiryQueue: Sendable {
  private struct Appointment: Comparable, Sendable {
    let instant: Timestamp
    let position: UInt32
    static func < (a: Appointment, b: Appointment) -> Bool { a.instant < b.instant }
  }

  private var queue: Heap<Appointment> = []
  /// The appointment of each position that counts; the distant future if it has none.
  private var appointed: [Timestamp] = []

  /// How many appointments are kept, void ones included.
  var count: Int { queue.count }

  /// Sees to it that `position` comes up at `expiresAt` or before.
  mutating func schedule(_ position: Int, at expiresAt: Timestamp?) {
    while appointed.count <= position { appointed.append(.distantFuture) }
    guard let expiresAt, expiresAt < appointed[position] else { return }
    appointed[position] = expiresAt
    queue.insert(Appointment(instant: expiresAt, position: UInt32(truncatingIfNeeded: position)))
    if queue.count > 2 * appointed.count { dropVoid() }
  }

  /// A position whose appointment is not later than `cutoff`. It has none any more.
  mutating func nextDue(through cutoff: Timestamp) -> Int? {
    while let first = queue.min, first.instant <= cutoff {
      queue.removeMin()
      let position = Int(first.position)
      if appointed[position] == first.instant {
        appointed[position] = .distantFuture
        return position
      }
    }
    return nil
  }

  private mutating func dropVoid() {
    queue = Heap(
      appointed.enumerated().compactMap { position, instant in
        guard instant < .distantFuture else { return nil }
        return Appointment(instant: instant, position: UInt32(truncatingIfNeeded: position))
      })
  }
}
