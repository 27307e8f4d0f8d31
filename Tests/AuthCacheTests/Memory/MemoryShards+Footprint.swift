@testable import AuthCache

extension MemoryShards {
  /// How much all shards hold, live or not.
  func footprint() throws(AuthCacheError) -> (records: Int, aliases: Int, groups: Int) {
    var sum = (records: 0, aliases: 0, groups: 0)
    for index in 0..<placement.count {
      let counts = try read(index, for: .load) { $0.counts }
      sum = (sum.records + counts.records, sum.aliases + counts.aliases, sum.groups + counts.groups)
    }
    return sum
  }
}
