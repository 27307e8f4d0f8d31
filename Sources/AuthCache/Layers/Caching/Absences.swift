/// The remembered absences of one kind, in the order in which they came, which is that in which they end.
struct Absences {
  private let capacity: Int
  private var ring: [CacheEntry?] = []
  private var first = 0
  private(set) var count = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Remembers `entry`.
  ///
  /// - Returns: what is forgotten for it: one if there is no room, and those that have ended.
  mutating func add(_ entry: CacheEntry, at now: Timestamp) -> [CacheEntry] {
    var forgotten: [CacheEntry] = []
    while count > 0, let oldest = ring[first], count == capacity || !oldest.isServed(at: now) {
      forgotten.append(oldest)
      ring[first] = nil
      first = (first + 1) % capacity
      count -= 1
    }
    let place = (first + count) % capacity
    while ring.count <= place { ring.append(nil) }
    ring[place] = entry
    count += 1
    return forgotten
  }
}
