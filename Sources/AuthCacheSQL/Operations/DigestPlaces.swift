internal import AuthCache

/// Where each of some digests stands among them.
///
/// Digests are evenly spread as they are: their own bits say in which chain they lie.
struct DigestPlaces {
  private let digests: [RecordDigest]
  /// The first place of each chain and, for each place, the next one of its chain; -1 ends it.
  private var heads: [Int32]
  private var following: [Int32]

  init(_ digests: [RecordDigest]) {
    self.digests = digests
    var length = 8
    while length < digests.count * 2 { length *= 2 }
    heads = Array(repeating: -1, count: length)
    following = Array(repeating: -1, count: digests.count)
    for place in digests.indices.reversed() {
      let chain = Self.chain(of: digests[place], length)
      following[place] = heads[chain]
      heads[chain] = Int32(place)
    }
  }

  /// Each digest once.
  var distinct: [RecordDigest] {
    let isFirst = { first(digests[$0]) == $0 }
    return digests.indices.allSatisfy(isFirst) ? digests : digests.indices.filter(isFirst).map { digests[$0] }
  }

  /// The first place of that digest.
  func first(_ digest: RecordDigest) -> Int? {
    var place = heads[Self.chain(of: digest, heads.count)]
    while place >= 0 {
      if digests[Int(place)] == digest { return Int(place) }
      place = following[Int(place)]
    }
    return nil
  }

  /// Every place of that digest, in order.
  func forEach(_ digest: RecordDigest, _ body: (Int) -> Void) {
    var place = heads[Self.chain(of: digest, heads.count)]
    while place >= 0 {
      if digests[Int(place)] == digest { body(Int(place)) }
      place = following[Int(place)]
    }
  }

  private static func chain(of digest: RecordDigest, _ length: Int) -> Int {
    Int(truncatingIfNeeded: digest.words.1) & (length - 1)
  }
}
