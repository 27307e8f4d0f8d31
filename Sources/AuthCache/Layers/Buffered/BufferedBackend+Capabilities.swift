extension BufferedBackend: BulkBackend where Delegate: BulkBackend {
  /// Stores the records in one unit, which is not gathered with others, after what waits for them.
  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { try properties.validate(record, for: .storeContents) }
    guard !buffer.isIdle else { return try await delegate.store(contentsOf: records) }
    try await buffer.settle(records.flatMap(\.lookups), before: .storeContents, nil)
    do throws(AuthCacheError) {
      try await delegate.store(contentsOf: records)
    } catch {
      guard error.code == .conflict, error.effect == .none else { throw error }
      guard records.contains(where: { buffer.mayHoldAcknowledged($0.kind) }) else { throw error }
      try await buffer.settleAll(before: .storeContents) { _ in .indifferentFollower }
      try await delegate.store(contentsOf: records)
    }
    for record in records { buffer.forgetFailure(of: record.id) }
  }

  /// Removes the records in one unit, which is not gathered with others, after what waits for them.
  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    try await settle(lookups, before: .removeContents)
    return try await delegate.remove(contentsOf: lookups)
  }

  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    if configuration.reads == .coherent {
      try await settle(lookups, before: .loadContents)
    } else {
      try buffer.requireOpen(.loadContents, nil)
    }
    return try await delegate.load(contentsOf: lookups)
  }

  private func settle(
    _ lookups: [Lookup], before operation: AuthCacheError.Operation
  ) async throws(AuthCacheError) {
    for lookup in lookups { try properties.validate(lookup, for: operation) }
    guard !buffer.isIdle else { return }
    try await buffer.settle(lookups, before: operation, nil)
    for lookup in lookups where lookup.field != .id { try await settle(lookup, before: operation) }
  }
}

extension BufferedBackend: GroupBackend where Delegate: GroupBackend {
  /// Removes every record of `group` in one unit, those that wait included: they are written first.
  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    if !buffer.isIdle {
      // A write of another record that fails is no reason to let a revoked session live.
      try await buffer.settleAll(before: .removeAll) { write in
        if case .store(let record) = write, record.groups[group.role] == group.digest { return .follower }
        return .indifferentFollower
      }
    }
    return try await delegate.removeAll(in: group)
  }
}

extension BufferedBackend: ListingBackend where Delegate: ListingBackend {
  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    if configuration.reads == .coherent, !buffer.isIdle {
      try await buffer.settleAll(before: .records, kind) { $0.kind == kind ? .follower : .indifferentFollower }
    } else {
      try buffer.requireOpen(.records, kind)
    }
    return try await delegate.records(of: kind, after: after, limit: limit)
  }
}

extension BufferedBackend: InvalidationBackend where Delegate: InvalidationBackend {
  /// What the delegate announces: a write is announced when it is persisted.
  public func invalidations() async throws(AuthCacheError) -> Delegate.Invalidations {
    try await delegate.invalidations()
  }
}
