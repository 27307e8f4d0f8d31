/// Keeps records in this process, and only there.
///
/// Use it for one process, for tests, and as the near end of a cache. What it holds is gone when the process ends.
/// Loading by a digest neither suspends nor allocates.
///
/// ```swift
/// let backend = MemoryBackend()
/// try await backend.store(record)
/// ```
///
/// Every operation runs to its end on the calling task, so a cancelled task's operation is done, never half done.
/// Time is the clock's ``AuthCacheClock/coarseNow``, read once per operation.
public final class MemoryBackend: AuthCacheBackend {
  /// How a ``MemoryBackend`` is made. Works untouched.
  public struct Configuration: Sendable {
    /// Into how many separately locked parts the records are divided: 1 to 64, rounded up to a power of two.
    public var shards: Int
    /// The largest payload in bytes.
    public var maxPayload: Int

    /// Everything has a default; see the properties.
    public init(shards: Int = 64, maxPayload: Int = 1 << 20) {
      self.shards = shards
      self.maxPayload = maxPayload
    }
  }

  public let properties: BackendProperties
  let shards: MemoryShards
  let hub = InvalidationHub()
  private let clock: any AuthCacheClock

  /// Makes an empty backend.
  public init(configuration: Configuration = Configuration(), clock: any AuthCacheClock = .system) {
    self.clock = clock
    shards = MemoryShards(placement: ShardPlacement(atLeast: configuration.shards))
    properties = BackendProperties(
      aliases: true, durability: .none, shared: false, maxPayload: configuration.maxPayload)
  }

  var now: Timestamp { clock.coarseNow }

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try shards.live(lookup, at: now)
  }

  public func store(_ record: Record) async throws(AuthCacheError) {
    try properties.validate(record, for: .store)
    let now = now
    try write(record, for: .store) { unit throws(AuthCacheError) in
      try unit.store(record, at: now, for: .store)
    }
    hub.announce { Invalidation.changes(of: record) }
  }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(record, for: .insert)
    let now = now
    let isNew = try write(record, for: .insert) { unit throws(AuthCacheError) in
      guard unit.live(record.id, at: now) == nil else { return false }
      try unit.store(record, at: now, for: .insert)
      return true
    }
    if isNew { hub.announce { Invalidation.changes(of: record) } }
    return isNew
  }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(replacing: current, with: next)
    let now = now
    let isDone = try write(next, for: .replace) { unit throws(AuthCacheError) in
      guard let live = unit.live(next.id, at: now), live.revision == current.revision else { return false }
      try unit.store(next, at: now, for: .replace)
      return true
    }
    if isDone { hub.announce { Invalidation.changes(of: next) } }
    return isDone
  }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    let now = now
    let record = try change(lookup, for: .consume) { $0.consume(lookup, at: now) }
    if let record { hub.announce { [.record(record.id)] } }
    return record
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    let now = now
    let record = try change(lookup, for: .remove) { $0.consume(lookup, at: now) }
    if let record { hub.announce { [.record(record.id)] } }
    return record != nil
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    let now = now
    let isLive = try change(lookup, for: .extend) { $0.extend(lookup, to: expiresAt, at: now) }
    if isLive { hub.announce { [.record(lookup)] } }
    return isLive
  }

  public func removeExpired(
    through cutoff: Timestamp, limit: Int
  ) async throws(AuthCacheError) -> ExpiredCounts {
    try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: now)
    var counts = ExpiredCounts()
    var left = limit
    for index in 0..<shards.placement.count {
      var isDone = false
      // A shard is let go between portions, so that nobody waits long.
      while left > 0, !isDone {
        let portion = try shards.write(index, for: .removeExpired) { shard in
          shard.removeExpired(through: cutoff, limit: left, visiting: 128)
        }
        isDone = portion.isDone
        left -= portion.removed.count
        for record in portion.removed { counts.add(of: record.kind) }
        try eraseAliases(of: portion.removed, through: cutoff)
      }
    }
    return counts
  }

  public func close() async throws(AuthCacheError) {
    shards.close()
    hub.close()
  }

  /// Runs `body` while it holds every shard that writing `record` touches.
  private func write<Result: Sendable>(
    _ record: Record, for operation: AuthCacheError.Operation,
    _ body: (inout MemoryUnit) throws(AuthCacheError) -> Result
  ) throws(AuthCacheError) -> Result {
    let reach = shards.placement.footprint(of: record)
    return try shards.hold(reach, for: operation, reaching: { $0.reach(of: record) }, body)
  }

  /// Runs `body` while it holds every shard that a change of what is under `lookup` touches.
  private func change<Result: Sendable>(
    _ lookup: Lookup, for operation: AuthCacheError.Operation,
    _ body: (inout MemoryUnit) throws(AuthCacheError) -> Result
  ) throws(AuthCacheError) -> Result {
    let shard = shards.placement.shard(of: lookup)
    return try shards.hold(shard, for: operation, reaching: { $0.reach(of: lookup) }, body)
  }

  /// Tidies up after expired records. Nobody can see their aliases, so each goes by itself, judged once more.
  private func eraseAliases(of removed: [Record], through cutoff: Timestamp) throws(AuthCacheError) {
    for record in removed {
      for (field, digest) in record.aliases.all {
        let alias = Lookup(kind: record.kind, field: field, digest: digest)
        try shards.write(shards.placement.index(of: digest), for: .removeExpired) { shard in
          if let holder = shard[alias], !holder.isLive(at: cutoff) { shard.erase(record, under: field) }
        }
      }
    }
  }
}

extension MemoryUnit {
  /// Writes `record`, or throws `conflict` if another live record holds one of its aliases.
  mutating func store(
    _ record: Record, at now: Timestamp, for operation: AuthCacheError.Operation
  ) throws(AuthCacheError) {
    guard store(record, at: now) else {
      throw AuthCacheError(
        .conflict, operation: operation, kind: record.kind, "another live record holds an alias of this one")
    }
  }
}
