internal import HeapModule

/// Evicts what was not read for the longest time. Exact: the same reads always give the same victims.
///
/// The queue is put right only when a victim is needed: whoever was read since its entry in the queue goes back with
/// the number of its last read. Numbers only grow, so the first whose entry is true is the least recent of all.
public struct LeastRecentlyUsed: EvictionPolicy {
  private var queue = UsageQueue<UInt64>()

  /// A policy for an empty cache.
  public init() {}

  public static var ordersReads: Bool { true }

  public mutating func insert(_ place: Int, hash: UInt64, usage: CacheUsage) {
    queue.insert(place, key: usage.lastRead(of: place))
  }

  public mutating func remove(_ place: Int, usage: CacheUsage) { queue.remove(place) }

  public mutating func victim(for hash: UInt64, usage: CacheUsage) -> Int {
    queue.first { usage.lastRead(of: $0) }
  }
}

/// Evicts what was read the fewest times since it came; among equals, what was not read for the longest time. Exact.
public struct LeastFrequentlyUsed: EvictionPolicy {
  private struct Use: Comparable, Sendable {
    let count: Int
    let last: UInt64
    static func < (a: Use, b: Use) -> Bool { (a.count, a.last) < (b.count, b.last) }
  }

  private var queue = UsageQueue<Use>()

  /// A policy for an empty cache.
  public init() {}

  public static var ordersReads: Bool { true }

  public mutating func insert(_ place: Int, hash: UInt64, usage: CacheUsage) {
    queue.insert(place, key: Use(count: 0, last: usage.lastRead(of: place)))
  }

  public mutating func remove(_ place: Int, usage: CacheUsage) { queue.remove(place) }

  public mutating func victim(for hash: UInt64, usage: CacheUsage) -> Int {
    queue.first { Use(count: usage.reads(of: $0), last: usage.lastRead(of: $0)) }
  }
}

/// Places in order of a key that only grows while a place is taken.
struct UsageQueue<Key: Comparable & Sendable>: Sendable {
  private struct Item: Comparable, Sendable {
    let key: Key
    let place: Int
    let stay: UInt64
    static func < (a: Item, b: Item) -> Bool { a.key < b.key }
    static func == (a: Item, b: Item) -> Bool { a.key == b.key }
  }

  private var heap: Heap<Item> = []
  /// Which stay at each place counts; zero if nobody stays there.
  private var stays: [UInt64] = []
  private var lastStay: UInt64 = 0
  private var count = 0

  mutating func insert(_ place: Int, key: Key) {
    while stays.count <= place { stays.append(0) }
    lastStay += 1
    stays[place] = lastStay
    count += 1
    heap.insert(Item(key: key, place: place, stay: lastStay))
    // Those who left stay in the heap until they come up; before they outnumber the others it is made anew.
    if heap.count > 2 * count + 16 { heap = Heap(heap.unordered.filter { stays[$0.place] == $0.stay }) }
  }

  mutating func remove(_ place: Int) {
    guard place < stays.count, stays[place] != 0 else { return }
    stays[place] = 0
    count -= 1
  }

  /// The place with the least key of all, given what the keys are by now. There must be one.
  mutating func first(_ current: (Int) -> Key) -> Int {
    while let item = heap.min {
      guard stays[item.place] == item.stay else {
        heap.removeMin()
        continue
      }
      let key = current(item.place)
      guard key > item.key else { return item.place }
      heap.replaceMin(with: Item(key: key, place: item.place, stay: item.stay))
    }
    preconditionFailure("a victim was asked of an empty cache")
  }
}
