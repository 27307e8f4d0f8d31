/// Evicts by frequency, behind a small window by recency (W-TinyLFU).
///
/// What comes in enters the window. What leaves the window competes with the next victim of the main part: the one that
/// came up more often lately stays.
public struct TinyLFU: EvictionPolicy {
  private enum Part: UInt8 { case none, window, main }

  private var sketch: FrequencySketch
  private var lists = PlaceLists(count: 2)
  private var parts: [Part] = []
  private var hashes: [UInt64] = []
  private let windowCapacity: Int

  private static let window = 0
  private static let main = 1

  public init(capacity: Int) {
    sketch = FrequencySketch(capacity: capacity)
    windowCapacity = max(1, capacity / 100)
  }

  public mutating func insert(_ place: Int, hash: UInt64, usage: borrowing CacheUsage) {
    while parts.count <= place {
      parts.append(.none)
      hashes.append(0)
    }
    parts[place] = .window
    hashes[place] = hash
    sketch.add(hash)
    lists.append(place, to: Self.window)
    while lists.count(of: Self.window) > windowCapacity, let oldest = lists.first(of: Self.window) {
      move(oldest, to: .main)
    }
  }

  public mutating func remove(_ place: Int, usage: borrowing CacheUsage) {
    guard place < parts.count, parts[place] != .none else { return }
    learn(place, usage)
    lists.remove(place, from: parts[place] == .window ? Self.window : Self.main)
    parts[place] = .none
  }

  public mutating func victim(for hash: UInt64, usage: borrowing CacheUsage) -> Int {
    guard let candidate = lists.first(of: Self.window) else { return mainVictim(usage) ?? 0 }
    guard lists.count(of: Self.window) >= windowCapacity, lists.first(of: Self.main) != nil else {
      return mainVictim(usage) ?? candidate
    }
    learn(candidate, usage)
    guard let victim = mainVictim(usage) else { return candidate }
    guard sketch.frequency(of: hashes[candidate]) > sketch.frequency(of: hashes[victim]) else { return candidate }
    move(candidate, to: .main)
    return victim
  }

  /// The oldest of the main part that was not read since its last turn.
  private mutating func mainVictim(_ usage: borrowing CacheUsage) -> Int? {
    while let oldest = lists.first(of: Self.main) {
      guard learn(oldest, usage) > 0 else { return oldest }
      lists.remove(oldest, from: Self.main)
      lists.append(oldest, to: Self.main)
    }
    return nil
  }

  @discardableResult
  private mutating func learn(_ place: Int, _ usage: borrowing CacheUsage) -> Int {
    let reads = usage.takeReads(of: place)
    if reads > 0 { sketch.add(hashes[place], reads) }
    return reads
  }

  private mutating func move(_ place: Int, to part: Part) {
    lists.remove(place, from: parts[place] == .window ? Self.window : Self.main)
    parts[place] = part
    lists.append(place, to: part == .window ? Self.window : Self.main)
  }
}
