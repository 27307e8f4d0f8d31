extension MemoryBackend: BulkBackend {
  /// Stores the records in one unit. Holds the whole backend meanwhile.
  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { try properties.validate(record, for: .storeContents) }
    let now = now
    try shards.hold(shards.placement.all, for: .storeContents) { unit throws(AuthCacheError) in
      var written: [(record: Record, replaced: Record?)] = []
      do throws(AuthCacheError) {
        for record in records {
          let replaced = unit[record.id]
          try unit.store(record, at: now, for: .storeContents)
          written.append((record, replaced))
        }
      } catch {
        for (record, replaced) in written.reversed() {
          unit.erase(record)
          if let replaced { unit.restore(replaced, at: now) }
        }
        throw error
      }
    }
    hub.announce { records.flatMap(Invalidation.changes) }
  }

  /// Removes the records in one unit. Holds the whole backend meanwhile.
  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    let now = now
    let removed = try shards.hold(shards.placement.all, for: .removeContents) { unit in
      lookups.map { unit.consume($0, at: now) }
    }
    hub.announce { removed.compactMap { $0.map { .record($0.id) } } }
    return removed.map { $0 != nil }
  }

  /// Loads the records as they are at one instant.
  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    let now = now
    // Of no lookup no shard would be asked, and a closed backend must say so.
    let touched = lookups.reduce(into: ShardSet(0)) { $0.formUnion(shards.placement.shard(of: $1)) }
    return try shards.hold(touched, for: .loadContents) { unit in lookups.map { unit.live($0, at: now) } }
  }
}
