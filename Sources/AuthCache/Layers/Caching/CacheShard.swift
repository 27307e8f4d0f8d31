/// What is found by the digests that fall into one shard, and who is being asked for.
struct CacheShard: ~Copyable {
  var table = EntryTable()
  var flights = FlightBoard()
  var hits = 0
  var negativeHits = 0
  var misses = 0

  /// Counts what a lookup found.
  ///
  /// - Returns: whether it is time to tell the metrics of it.
  @inline(__always)
  mutating func count(_ answer: CacheAnswer) -> Bool {
    switch answer {
    case .record:
      hits &+= 1
      return hits & 0x3FF == 0
    case .absent:
      negativeHits &+= 1
    case .unknown, .lead, .follow:
      misses &+= 1
    }
    return false
  }
}

/// What a cache says to a lookup.
enum CacheAnswer: Sendable {
  case record(Record)
  /// It remembers that there is no such record.
  case absent
  /// It can't say, and nobody has been told to find out.
  case unknown
  /// It can't say. Whoever hears this asks the delegate, for everybody who comes meanwhile too.
  case lead(Flight)
  /// It can't say, and somebody is asking already.
  case follow(Flight)
}
