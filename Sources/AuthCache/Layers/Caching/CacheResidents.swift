/// What is in the cache of one kind: who has which place, who leaves next, and when who is due.
struct CacheResidents {
  private let capacity: Int
  private let idle: Int64?
  private var entries: [CacheEntry?] = []
  private var vacant: [Int] = []
  private var policy: any EvictionPolicy
  private var wheel: TimerWheel

  init(_ policy: CachePolicy, at now: Timestamp) {
    capacity = policy.capacity
    idle = policy.timeToIdle.map(\.wholeMilliseconds)
    self.policy = policy.eviction.make(policy.capacity)
    wheel = TimerWheel(at: now, slots: policy.capacity)
  }

  var ordersReads: Bool { type(of: policy).ordersReads }

  var count: Int { entries.count - vacant.count }

  /// Gives `entry` a place, and says who had to go.
  ///
  /// - Parameter end: when it leaves at the latest.
  mutating func add(
    _ entry: CacheEntry, until end: Timestamp, at now: Timestamp
  ) -> (evicted: CacheEntry?, expired: [CacheEntry]) {
    let expired = takeExpired(at: now)
    let hash = entry.record.digest.mixed
    var evicted: CacheEntry?
    if count >= capacity {
      let place = policy.victim(for: hash, usage: CacheUsage(entries))
      precondition(place < entries.count && entries[place] != nil, "the policy evicts what is not there")
      evicted = entries[place]
      vacate(place)
    }
    let place = vacant.popLast() ?? entries.count
    if place == entries.count {
      entries.makeRoom(upTo: capacity)
      entries.append(entry)
    } else {
      entries[place] = entry
    }
    entry.place = place
    policy.insert(place, hash: hash, usage: CacheUsage(entries))
    wheel.schedule(place, at: idle.map { min(end, Timestamp(millisecondsSinceEpoch: entry.idleEnd($0))) } ?? end)
    return (evicted, expired)
  }

  /// Takes `entry` away if it is there.
  ///
  /// - Returns: whether it was.
  mutating func remove(_ entry: CacheEntry) -> Bool {
    let place = entry.place
    guard place >= 0, place < entries.count, entries[place] === entry else { return false }
    vacate(place)
    return true
  }

  private mutating func takeExpired(at now: Timestamp) -> [CacheEntry] {
    var expired: [CacheEntry] = []
    for place in wheel.advance(to: now) {
      guard let entry = entries[place] else { continue }
      if let idle {
        let end = min(entry.end, Timestamp(millisecondsSinceEpoch: entry.idleEnd(idle)))
        guard end <= now else {
          wheel.schedule(place, at: end)
          continue
        }
      }
      expired.append(entry)
      vacate(place)
    }
    return expired
  }

  // Inlined, it makes the optimiser of Swift 6.3.1 stop.
  @inline(never)
  private mutating func vacate(_ place: Int) {
    policy.remove(place, usage: CacheUsage(entries))
    wheel.cancel(place)
    entries[place] = nil
    vacant.append(place)
  }
}
