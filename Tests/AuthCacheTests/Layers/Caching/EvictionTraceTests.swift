import AuthCache
import AuthCacheConformance
import Testing

/// How often a cache has what is asked for, by its policy.
@Suite(.serialized) struct EvictionTraceTests {
  @Test func `On skewed reads the default is well above LRU`() async throws {
    let trace = AccessTrace.zipf(1.0, keys: 10_000, requests: 60_000, seed: 1)
    let lru = try await trace.hitRatio(of: .leastRecentlyUsed, capacity: 200)
    #expect(try await trace.hitRatio(of: .tinyLFU, capacity: 200) > lru + 6)
  }

  @Test func `On reads of what is recent the default comes close to LRU, which is best there`() async throws {
    let trace = AccessTrace.recent(requests: 60_000, seed: 1)
    let lru = try await trace.hitRatio(of: .leastRecentlyUsed, capacity: 400)
    #expect(try await trace.hitRatio(of: .tinyLFU, capacity: 400) > lru - 2)
  }

  @Test func `On a loop longer than the cache LRU has nothing, and the default nearly what fits`() async throws {
    let trace = AccessTrace.loop(keys: 600, requests: 30_000)
    #expect(try await trace.hits(of: .leastRecentlyUsed, capacity: 300) == 0)
    #expect(try await trace.hitRatio(of: .tinyLFU, capacity: 300) > 45)
  }

  @Test func `LRU keeps exactly what was read last`() async throws {
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
    #expect(try await AccessTrace(name: "", keys: keys).hits(of: .leastRecentlyUsed, capacity: 64) == hits)
  }

  @Test func `LFU evicts exactly what was read least since it came, and of those the longest unread`() async throws {
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
    #expect(try await AccessTrace(name: "", keys: keys).hits(of: .leastFrequentlyUsed, capacity: 64) == hits)
  }
}
