/// Writes that were handed on, that nobody waits behind, and that the ``WriteQueue`` has not been told of.
///
/// As long as nothing waits that they might overtake, a write that comes and goes changes nothing in the queue but what
/// it counts: it is noted here and nowhere else. Whoever looks at the queue tells it first.
struct HandedOn: Sendable {
  /// A record's id, hashed by the digest alone.
  private struct Key: Hashable, Sendable {
    let id: Lookup

    func hash(into hasher: inout Hasher) { hasher.combine(id.digest.mixed) }
  }

  private struct Departure: Sendable {
    let number: UInt64
    let write: BufferedWrite
  }

  private var departures: [Key: Departure] = [:]
  /// How many may be here before somebody must look at the queue.
  var room = 0

  var isEmpty: Bool { departures.isEmpty }
  var count: Int { departures.count }

  func hasRoom(for id: Lookup) -> Bool { departures.count < room && departures[Key(id: id)] == nil }

  mutating func note(_ write: BufferedWrite, _ number: UInt64) {
    departures[Key(id: write.id)] = Departure(number: number, write: write)
  }

  /// Forgets a write that has ended.
  ///
  /// - Returns: false if the queue has been told of it.
  mutating func forget(_ id: Lookup, _ number: UInt64) -> Bool {
    let key = Key(id: id)
    guard departures[key]?.number == number else { return false }
    departures[key] = nil
    return true
  }

  /// Hands everything to `body` in the order in which it came, and forgets it.
  fileprivate mutating func drain(_ body: (BufferedWrite, UInt64) -> Void) {
    room -= departures.count
    for departure in departures.values.sorted(by: { $0.number < $1.number }) { body(departure.write, departure.number) }
    departures.removeAll(keepingCapacity: true)
  }
}

extension WriteQueue {
  /// Takes in what was noted, as writes under way. There was room for all of it when it came.
  mutating func absorb(_ handedOn: inout HandedOn) {
    guard !handedOn.isEmpty else { return }
    handedOn.drain { write, number in
      var entry = Entry(number: number, write: write, isAcknowledged: false)
      entry.isFlying = true
      let slot = place(entry)
      chains[write.id] = Chain(first: slot, last: slot)
    }
  }

  /// How many writes may be handed on before one waits, or brings news to its caller.
  var roomToDepart: Int {
    guard ready == 0, behind.isEmpty, arrivals.isEmpty, failed.isEmpty, untold == nil, !isAbandoned else { return 0 }
    return configuration.capacity - count
  }
}

extension WriteBuffer.State {
  /// Notes a write that goes to the delegate at once.
  ///
  /// - Returns: its number; nil if somebody must look at the queue first.
  mutating func depart(_ write: BufferedWrite) -> UInt64? {
    let id = write.id
    guard handedOn.hasRoom(for: id), !queue.isHeld(id) else { return nil }
    queue.lastNumber += 1
    queue.counts.accepted += 1
    handedOn.note(write, queue.lastNumber)
    return queue.lastNumber
  }

  /// Counts a write that was carried out and that nobody waited behind.
  ///
  /// - Returns: false if somebody might have.
  mutating func arrive(_ id: Lookup, _ number: UInt64) -> Bool {
    guard handedOn.forget(id, number) else { return false }
    queue.counts.flushes += 1
    queue.counts.written += 1
    return true
  }
}
