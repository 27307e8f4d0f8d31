/// What is found by the digests that fall into one shard, and who is being asked for.
struct CacheShard: ~Copyable {
  var table = EntryTable()
  var flights: [Lookup: Flight] = [:]
  var hits = 0
  var negativeHits = 0
  var misses = 0
}

/// What a cache says to a lookup.
enum CacheAnswer: Sendable {
  case record(Record)
  /// It remembers that there is no such record.
  case absent
  case unknown
}

/// What somebody does whom the cache could not answer.
enum CacheCourse: Sendable {
  /// The answer came meanwhile.
  case answered(Record?)
  /// Asks the delegate, for everybody who comes meanwhile too.
  case lead(Flight)
  /// Waits for the one who asks.
  case follow(Flight)
}
