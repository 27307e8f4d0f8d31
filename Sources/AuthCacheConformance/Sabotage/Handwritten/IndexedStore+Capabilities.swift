internal import AuthCache
internal import Synchronization

extension IndexedStore: BulkBackend {
  func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    try requireOpen(.storeContents, nil)
    for record in records { try properties.validate(record, for: .storeContents) }
    try step { rows, now throws(AuthCacheError) in
      var copy = rows
      for (place, record) in records.enumerated() {
        if flaw == .bulkSkipsTheSuperseded, records[(place + 1)...].contains(where: { $0.id == record.id }) { continue }
        let record = flaw == .bulkStoresOneKind ? record.under(records[0].kind) : record
        try refuse(record, takenBy: .bulk, .storeContents, in: copy, at: now)
        copy.write(record, by: .bulk, at: now)
      }
      rows = copy
    }
  }

  func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    try requireOpen(.removeContents, nil)
    return try step { rows, now throws(AuthCacheError) in
      lookups.map { lookup in
        let lookup = flaw == .bulkRemovesOneKind ? lookup.under(lookups[0].kind) : lookup
        return Self.remove(lookup, from: &rows, at: now, unlessLive: flaw == .bulkTakesTheDeadByToken)
      }
    }
  }

  func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    try requireOpen(.loadContents, nil)
    return try step { rows, now throws(AuthCacheError) in
      lookups.map { rows.find(flaw == .bulkLoadsOneKind ? $0.under(lookups[0].kind) : $0, at: now) }
    }
  }
}

extension IndexedStore: GroupBackend {
  func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    try requireOpen(.removeAll, nil)
    let now = clock.now
    if flaw == .groupOfEveryNamespace {
      for other in others() { _ = other.rows.withLock { $0.removeAll(in: group, at: now) } }
    }
    return rows.withLock { $0.removeAll(in: group, at: now) }
  }
}

extension IndexedStore: ListingBackend {
  func records(of kind: RecordKind, after: RecordDigest?, limit: Int) async throws(AuthCacheError) -> [Record] {
    try requireOpen(.records, kind)
    guard limit > 0 else {
      throw AuthCacheError(.invalidArgument, operation: .records, kind: kind, "the limit is not positive")
    }
    if flaw == .pageAddsToItsLimit { try requireRoom(above: limit, .records) }
    let now = clock.now
    let own = rows.withLock { $0.page(of: kind, after: after, limit: limit, at: now) }
    guard flaw == .listingOfEveryNamespace else { return own }
    let theirs = others().flatMap { other in
      other.rows.withLock { $0.page(of: kind, after: after, limit: limit, at: now) }
    }
    return Array((own + theirs).sorted { $0.digest < $1.digest }.prefix(limit))
  }
}

extension Record {
  fileprivate func under(_ kind: RecordKind) -> Record {
    Record(
      kind: kind, digest: digest, revision: revision, createdAt: createdAt, expiresAt: expiresAt, aliases: aliases,
      groups: groups, payload: payload)
  }
}

extension Lookup {
  fileprivate func under(_ kind: RecordKind) -> Lookup { Lookup(kind: kind, field: field, digest: digest) }
}
