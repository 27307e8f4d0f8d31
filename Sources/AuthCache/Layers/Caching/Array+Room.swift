extension Array {
  /// Makes room for one more by doubling, as `append` does, but for no more than `limit` in all.
  @inline(__always)
  mutating func makeRoom(upTo limit: Int) {
    if count == capacity, count < limit { reserveCapacity(Swift.min(limit, Swift.max(16, count * 2))) }
  }
}
