/// Who is being asked for in one shard. Seldom more than a few at once: those are looked through, and hashed only beyond
/// that.
struct FlightBoard {
  private var few: [(lookup: Lookup, flight: Flight)] = []
  private var many: [Lookup: Flight] = [:]

  private static var room: Int { 8 }

  /// The call that is under way for `lookup`.
  subscript(lookup: Lookup) -> Flight? {
    for entry in few where entry.lookup == lookup { return entry.flight }
    return many.isEmpty ? nil : many[lookup]
  }

  /// Whoever misses `lookup` follows `flight` from now on. Nobody else is asked for it.
  mutating func add(_ flight: Flight, for lookup: Lookup) {
    if few.count < Self.room { few.append((lookup, flight)) } else { many[lookup] = flight }
  }

  /// Nobody follows whatever is under way for `lookup` from now on, or that `flight` only.
  mutating func remove(_ lookup: Lookup, if flight: Flight? = nil) {
    if let index = few.firstIndex(where: { $0.lookup == lookup }) {
      guard flight == nil || few[index].flight === flight else { return }
      few.swapAt(index, few.count - 1)
      few.removeLast()
    } else if !many.isEmpty, flight == nil || many[lookup] === flight {
      many[lookup] = nil
    }
  }

  mutating func removeAll() {
    few.removeAll(keepingCapacity: true)
    many = [:]
  }
}
