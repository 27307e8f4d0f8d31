/// Which slots are due, found without looking at those that are not.
///
/// Four wheels of 64 spokes: a spoke of the first covers 64 ms, one of the next as much as the whole wheel before it, so
/// the last reaches beyond four years' worth of caching. A slot sits on one spoke; when the time of a spoke has come,
/// what sits there is due or moves to a finer wheel (Varghese, Lauck: Hashed and Hierarchical Timing Wheels, SOSP 1987).
struct TimerWheel: Sendable {
  private struct Seat: Sendable {
    var tick: Int64 = 0
    var next = UInt32.max
    var previous = UInt32.max
    var spoke = UInt32.max
  }

  private var heads = [UInt32](repeating: .max, count: Self.wheels * Self.spokes)
  private var seats: [Seat] = []
  /// Everything up to this tick has been asked for.
  private var tick: Int64
  private let slots: Int

  private static let wheels = 4
  private static let spokes = 64
  private static let bits: Int64 = 6

  /// - Parameter slots: how many there are at most.
  init(at now: Timestamp, slots: Int) {
    tick = now.millisecondsSinceEpoch >> Self.bits
    self.slots = slots
  }

  /// Has `slot` come up within 64 ms after `instant`, and not before it. Takes the place of an earlier appointment.
  mutating func schedule(_ slot: Int, at instant: Timestamp) {
    cancel(slot)
    while seats.count <= slot {
      seats.makeRoom(upTo: slots)
      seats.append(Seat())
    }
    // Rounded up: never early.
    let due = instant.millisecondsSinceEpoch >> Self.bits + 1
    seat(slot, at: max(due, tick + 1))
  }

  /// Takes `slot` off.
  mutating func cancel(_ slot: Int) {
    guard slot < seats.count, seats[slot].spoke != .max else { return }
    let seat = seats[slot]
    if seat.next != .max { seats[Int(seat.next)].previous = seat.previous }
    if seat.previous != .max {
      seats[Int(seat.previous)].next = seat.next
    } else {
      heads[Int(seat.spoke)] = seat.next
    }
    seats[slot].spoke = .max
  }

  /// The slots whose time has come by `now`; they have no appointment any more.
  mutating func advance(to now: Timestamp) -> [Int] {
    let target = now.millisecondsSinceEpoch >> Self.bits
    guard target > tick else { return [] }
    var due: [Int] = []
    let from = tick
    tick = target
    for wheel in 0..<Self.wheels {
      let shift = Self.bits * Int64(wheel)
      let (first, last) = (from >> shift, target >> shift)
      if first == last { break }
      // One turn visits every spoke.
      for turn in (first + 1)...min(last, first + Int64(Self.spokes)) {
        empty(wheel * Self.spokes + Int(turn & Int64(Self.spokes - 1)), into: &due)
      }
    }
    return due
  }

  private mutating func empty(_ spoke: Int, into due: inout [Int]) {
    var next = heads[spoke]
    heads[spoke] = .max
    while next != .max {
      let slot = Int(next)
      next = seats[slot].next
      seats[slot].spoke = .max
      if seats[slot].tick <= tick { due.append(slot) } else { seat(slot, at: seats[slot].tick) }
    }
  }

  private mutating func seat(_ slot: Int, at due: Int64) {
    var wheel = 0
    while wheel < Self.wheels - 1, (due >> (Self.bits * Int64(wheel))) - (tick >> (Self.bits * Int64(wheel))) >= 64 {
      wheel += 1
    }
    let shift = Self.bits * Int64(wheel)
    // What lies beyond the last wheel waits on its farthest spoke and is seated again from there.
    let turn = min(due >> shift, (tick >> shift) + Int64(Self.spokes) - 1)
    let spoke = wheel * Self.spokes + Int(turn & Int64(Self.spokes - 1))
    seats[slot] = Seat(tick: due, next: heads[spoke], previous: .max, spoke: UInt32(spoke))
    if heads[spoke] != .max { seats[Int(heads[spoke])].previous = UInt32(slot) }
    heads[spoke] = UInt32(slot)
  }
}
