import Foundation
import Testing

@testable import AuthCache

/// How often a policy has what is asked for, replayed without anything around it.
@Suite struct EvictionTraceTests {
  @Test(arguments: [(500, 32.2), (1_000, 50.8)])
  func `On a trace of text scans the default has what LRU has lost, and as much as the best known`(
    _ capacity: Int, _ floor: Double
  ) throws {
    let trace = try Trace(file: Trace.fixtures.appendingPathComponent("gli.txt"))
    let ratio = trace.hitRatio(.tinyLFU, capacity)
    #expect(ratio > floor - 1)
    #expect(ratio > trace.hitRatio(.leastRecentlyUsed, capacity) + 20)
  }

  @Test func `On skewed reads the default is well above LRU`() {
    let trace = Trace.zipf(1.0, keys: 10_000, count: 60_000, seed: 1)
    #expect(trace.hitRatio(.tinyLFU, 200) > trace.hitRatio(.leastRecentlyUsed, 200) + 6)
  }

  @Test func `On reads of what is recent the default comes close to LRU, which is best there`() {
    let trace = Trace.recent(count: 60_000, seed: 1)
    #expect(trace.hitRatio(.tinyLFU, 400) > trace.hitRatio(.leastRecentlyUsed, 400) - 2)
  }

  @Test func `On a loop longer than the cache LRU has nothing, and the default nearly what fits`() {
    let trace = Trace(name: "loop", keys: (0..<30_000).map { UInt64($0 % 600) })
    #expect(trace.hitRatio(.leastRecentlyUsed, 300) == 0)
    #expect(trace.hitRatio(.tinyLFU, 300) > 45)
  }

  @Test func `LRU keeps exactly what was read last`() {
    var generator = SeededGenerator(seed: 9)
    let keys = (0..<5_000).map { _ in UInt64(min(generator.below(300), generator.below(300))) }
    var order: [UInt64] = []
    var hits = 0
    for key in keys {
      if let index = order.firstIndex(of: key) {
        hits += 1
        order.remove(at: index)
      } else if order.count == 64 {
        order.removeFirst()
      }
      order.append(key)
    }
    #expect(Trace(name: "", keys: keys).hits(.leastRecentlyUsed, 64) == hits)
  }

  @Test func `LFU evicts exactly what was read least since it came, and of those the longest unread`() {
    var generator = SeededGenerator(seed: 9)
    let keys = (0..<5_000).map { _ in UInt64(min(generator.below(300), generator.below(300))) }
    var uses: [UInt64: (count: Int, last: Int)] = [:]
    var hits = 0
    for (time, key) in keys.enumerated() {
      if let use = uses[key] {
        hits += 1
        uses[key] = (use.count + 1, time)
        continue
      }
      if uses.count == 64 {
        let victim = uses.min { ($0.value.count, $0.value.last) < ($1.value.count, $1.value.last) }
        if let victim { uses[victim.key] = nil }
      }
      uses[key] = (0, time)
    }
    #expect(Trace(name: "", keys: keys).hits(.leastFrequentlyUsed, 64) == hits)
  }

  /// `AUTHCACHE_TRACES=<folder>`: a table of all traces there.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["AUTHCACHE_TRACES"] != nil))
  func table() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["AUTHCACHE_TRACES"] ?? "")
    let capacities = [
      "OLTP": [250, 1_000, 5_000], "gli": [500, 1_000], "loop": [256, 512], "multi1": [500, 1_000],
      "2_pools": [100, 450], "web07": [1_000, 5_000],
    ]
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }
    for file in files {
      let trace = try Trace(file: file)
      for capacity in capacities[trace.name] ?? [1_000] { report(trace, capacity) }
    }
    for (index, skew) in [0.9, 1.0, 1.1].enumerated() {
      report(Trace.zipf(skew, keys: 100_000, count: 1_000_000, seed: UInt64(index + 1)), 1_000)
    }
  }

  private func report(_ trace: Trace, _ capacity: Int) {
    let (ours, lru) = (trace.hitRatio(.tinyLFU, capacity), trace.hitRatio(.leastRecentlyUsed, capacity))
    print("\(trace.name) \(capacity): tinyLFU \((ours * 10).rounded() / 10), LRU \((lru * 10).rounded() / 10)")
  }
}

struct Trace: Sendable {
  let name: String
  let keys: [UInt64]

  static var fixtures: URL {
    URL(fileURLWithPath: #filePath.split(separator: "/").dropLast(5).reduce("") { "\($0)/\($1)" })
      .appendingPathComponent("Fixtures/Traces")
  }

  init(name: String, keys: [UInt64]) {
    self.name = name
    self.keys = keys
  }

  init(file: URL) throws {
    name = file.deletingPathExtension().lastPathComponent
    keys = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
      line.reduce(0) { $0 * 10 + UInt64($1 &- UInt8(ascii: "0")) }
    }
  }

  static func zipf(_ skew: Double, keys count: Int, count requests: Int, seed: UInt64) -> Trace {
    var sums: [Double] = []
    var sum = 0.0
    for rank in 1...count {
      sum += 1 / pow(Double(rank), skew)
      sums.append(sum)
    }
    var generator = SeededGenerator(seed: seed)
    let keys = (0..<requests).map { _ in
      let point = Double.random(in: 0..<sum, using: &generator)
      var (low, high) = (0, sums.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] <= point { low = middle + 1 } else { high = middle }
      }
      return UInt64(low)
    }
    return Trace(name: "zipf \(skew)", keys: keys)
  }

  /// Three in ten are new; the others were read the more likely the less is in between.
  static func recent(count: Int, seed: UInt64) -> Trace {
    var generator = SeededGenerator(seed: seed)
    var keys: [UInt64] = []
    var next: UInt64 = 0
    for _ in 0..<count {
      if keys.count < 10 || generator.below(100) < 30 {
        keys.append(next)
        next += 1
      } else {
        let back = pow(Double(min(keys.count, 4_000)), Double.random(in: 0..<1, using: &generator))
        keys.append(keys[keys.count - min(keys.count, Int(back))])
      }
    }
    return Trace(name: "recent", keys: keys)
  }

  func hitRatio(_ eviction: CachePolicy.Eviction, _ capacity: Int) -> Double {
    100 * Double(hits(eviction, capacity)) / Double(keys.count)
  }

  func hits(_ eviction: CachePolicy.Eviction, _ capacity: Int) -> Int {
    let now = Timestamp(millisecondsSinceEpoch: 0)
    var residents = CacheResidents(CachePolicy(capacity: capacity, eviction: eviction), at: now)
    var present: [UInt64: CacheEntry] = [:]
    var (hits, order) = (0, UInt64(0))
    for key in keys {
      order += 1
      if let entry = present[key] {
        hits += 1
        if residents.ordersReads { entry.noteRead(number: order) } else { entry.noteRead() }
        continue
      }
      // The words are as random as those of a digest are.
      var generator = SeededGenerator(seed: key)
      let digest = RecordDigest(words: (generator.next(), generator.next(), generator.next(), key))
      let entry = CacheEntry(
        Record(kind: .session, digest: digest, revision: key, createdAt: now, expiresAt: nil, payload: .empty), at: now)
      if residents.ordersReads { entry.noteArrival(number: order) }
      let evicted = residents.add(entry, until: now + .seconds(60), at: now).evicted
      if let evicted { present[evicted.record.revision] = nil }
      present[key] = entry
    }
    return hits
  }
}
