internal import Synchronization

/// The shards of a ``MemoryBackend`` and their locks.
///
/// One operation holds all the shards it touches at once, locked in ascending order, and so takes effect at one
/// instant.
final class MemoryShards: Sendable {
  let placement: ShardPlacement
  private let cells: FixedArray<Mutex<MemoryShard>>

  init(placement: ShardPlacement) {
    self.placement = placement
    cells = FixedArray(count: placement.count) { Mutex(MemoryShard()) }
  }

  /// The live record under `lookup`.
  func live(_ lookup: Lookup, at now: Timestamp) throws(AuthCacheError) -> Record? {
    try cells[placement.index(of: lookup.digest)].withLock { shard throws(AuthCacheError) in
      if shard.isClosed { throw .closed(.load) }
      guard let record = shard[lookup], record.isLive(at: now) else { return nil }
      return record
    }
  }

  /// Reads the one shard at `index`.
  func read<Result: Sendable>(
    _ index: Int, for operation: AuthCacheError.Operation, _ body: (borrowing MemoryShard) -> Result
  ) throws(AuthCacheError) -> Result {
    try cells[index].withLock { shard throws(AuthCacheError) in
      if shard.isClosed { throw .closed(operation) }
      return body(shard)
    }
  }

  /// Changes the one shard at `index`.
  func write<Result: Sendable>(
    _ index: Int, for operation: AuthCacheError.Operation, _ body: (inout MemoryShard) -> Result
  ) throws(AuthCacheError) -> Result {
    try cells[index].withLock { shard throws(AuthCacheError) in
      if shard.isClosed { throw .closed(operation) }
      return body(&shard)
    }
  }

  /// Runs `body` while the shards of `set` are held.
  func hold<Result: Sendable>(
    _ set: ShardSet, for operation: AuthCacheError.Operation,
    _ body: (inout MemoryUnit) throws(AuthCacheError) -> Result
  ) throws(AuthCacheError) -> Result {
    var unit = MemoryUnit(holding: set, of: placement)
    return try lock(set, into: &unit) { unit throws(AuthCacheError) in
      if unit.isClosed { throw .closed(operation) }
      return try body(&unit)
    }
  }

  /// Runs `body` while everything that it touches is held, starting from `set` and asking `reach` what that is.
  ///
  /// What a lookup leads to is known only under its lock. If that lies in other shards too, all are let go and locked
  /// anew in order, and asked again.
  func hold<Result: Sendable>(
    _ set: ShardSet, for operation: AuthCacheError.Operation,
    reaching reach: (borrowing MemoryUnit) -> ShardSet,
    _ body: (inout MemoryUnit) throws(AuthCacheError) -> Result
  ) throws(AuthCacheError) -> Result {
    var set = set
    while true {
      var missing = ShardSet()
      let result: Result? = try hold(set, for: operation) { unit throws(AuthCacheError) in
        missing = reach(unit).subtracting(set)
        return missing.isEmpty ? try body(&unit) : nil
      }
      if let result { return result }
      set.formUnion(missing)
    }
  }

  /// Closes every shard at one instant. What holds one finishes first.
  func close() {
    var unit = MemoryUnit(holding: placement.all, of: placement)
    lock(placement.all, into: &unit) { $0.close() }
  }

  private func lock<Result: Sendable, Failure: Error>(
    _ set: ShardSet, into unit: inout MemoryUnit, _ body: (inout MemoryUnit) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let index = set.first else { return try body(&unit) }
    return try cells[index].withLock { shard throws(Failure) in
      unit.take(&shard)
      defer { unit.giveBack(&shard) }
      return try lock(set.dropFirst(), into: &unit, body)
    }
  }
}

extension AuthCacheError {
  static func closed(_ operation: Operation) -> AuthCacheError {
    AuthCacheError(.closed, operation: operation, "the backend has been closed")
  }
}
