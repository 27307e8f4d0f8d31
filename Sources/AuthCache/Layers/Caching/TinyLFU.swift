/// Evicts by frequency, behind a window by recency whose size follows the reads. The default.
///
/// What comes in enters the window. What leaves the window competes with the next victim of the main part: the one that
/// came up more often lately stays (Einziger, Friedman, Manes: TinyLFU, ACM ToS 2017). Both parts are queues in which
/// whoever was read since its last turn gets another, so a hit moves nothing.
///
/// How large the window is decides the reads: when something comes back that has just left the window, the window was too
/// small, and when it has just left the main part, that was (the idea is ARC's: Megiddo, Modha, FAST 2003). Only the last
/// few to leave count, so the two are compared where they meet.
public struct TinyLFU: EvictionPolicy {
  private enum Part: UInt8 { case none, window, main }

  private let capacity: Int
  private var sketch: FrequencySketch
  private var gone: RecentlyGone
  private var lists: PlaceLists
  private var parts: [Part] = []
  private var hashes: [UInt64] = []
  /// How large the window should be.
  private var windowTarget: Double
  private let step: Double

  private static let window = 0
  private static let main = 1

  /// A policy for an empty cache of so many records; one below one counts as one.
  public init(capacity: Int) {
    self.capacity = max(1, capacity)
    sketch = FrequencySketch(capacity: capacity)
    lists = PlaceLists(count: 2, places: self.capacity)
    gone = RecentlyGone(capacity: capacity)
    windowTarget = max(1, Double(capacity) / 100)
    step = max(1, Double(capacity) / 1_000)
  }

  public mutating func insert(_ place: Int, hash: UInt64, usage: CacheUsage) {
    while parts.count <= place {
      parts.makeRoom(upTo: capacity)
      hashes.makeRoom(upTo: capacity)
      parts.append(.none)
      hashes.append(0)
    }
    parts[place] = .window
    hashes[place] = hash
    sketch.add(hash)
    adapt(to: hash)
    lists.append(place, to: Self.window)
    // While there is room nobody competes.
    if lists.count(of: Self.window) + lists.count(of: Self.main) < capacity { shrinkWindow() }
  }

  public mutating func remove(_ place: Int, usage: CacheUsage) {
    guard place < parts.count, parts[place] != .none else { return }
    learn(place, usage)
    lists.remove(place, from: parts[place] == .window ? Self.window : Self.main)
    parts[place] = .none
  }

  public mutating func victim(for hash: UInt64, usage: CacheUsage) -> Int {
    shrinkWindow()
    guard lists.count(of: Self.window) >= windowCapacity, let candidate = windowVictim(usage) else {
      return leaving(mainVictim(usage) ?? windowVictim(usage))
    }
    guard let victim = mainVictim(usage) else { return leaving(candidate) }
    guard sketch.frequency(of: hashes[candidate]) > sketch.frequency(of: hashes[victim]) else {
      return leaving(candidate)
    }
    moveToMain(candidate)
    return leaving(victim)
  }

  private var windowCapacity: Int { max(1, Int(windowTarget)) }

  private mutating func adapt(to hash: UInt64) {
    switch gone.comeBack(hash) {
    case .window: windowTarget = min(windowTarget + step, max(1, Double(capacity) * 0.8))
    case .main: windowTarget = max(windowTarget - step, 1)
    case nil: break
    }
  }

  private mutating func leaving(_ place: Int?) -> Int {
    guard let place else { preconditionFailure("a victim was asked of an empty cache") }
    gone.leave(parts[place] == .window ? .window : .main, hashes[place])
    return place
  }

  /// The oldest of the window that was not read since its last turn; the oldest if all were.
  private mutating func windowVictim(_ usage: CacheUsage) -> Int? {
    for _ in 0..<lists.count(of: Self.window) {
      guard let oldest = lists.first(of: Self.window) else { return nil }
      guard learn(oldest, usage) > 0 else { return oldest }
      lists.remove(oldest, from: Self.window)
      lists.append(oldest, to: Self.window)
    }
    return lists.first(of: Self.window)
  }

  /// The oldest of the main part that was not read since its last turn.
  private mutating func mainVictim(_ usage: CacheUsage) -> Int? {
    while let oldest = lists.first(of: Self.main) {
      guard learn(oldest, usage) > 0 else { return oldest }
      lists.remove(oldest, from: Self.main)
      lists.append(oldest, to: Self.main)
    }
    return nil
  }

  @discardableResult
  private mutating func learn(_ place: Int, _ usage: CacheUsage) -> Int {
    let reads = usage.takeReads(of: place)
    if reads > 0 { sketch.add(hashes[place], reads) }
    return reads
  }

  private mutating func shrinkWindow() {
    while lists.count(of: Self.window) > windowCapacity, let oldest = lists.first(of: Self.window) {
      moveToMain(oldest)
    }
  }

  private mutating func moveToMain(_ place: Int) {
    lists.remove(place, from: Self.window)
    parts[place] = .main
    lists.append(place, to: Self.main)
  }
}
