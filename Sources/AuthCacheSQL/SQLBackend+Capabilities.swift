package import AuthCache

// MARK: - Bulk

extension SQLBackend {
  package func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { try properties.validate(record, for: .storeContents) }
    guard !records.isEmpty else { return try requireOpen(.storeContents) }
    let label = RequestLabel(.storeContents, writes: true, weight: records.count) {
      records.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    }
    try await write(label) { connection, now throws(SQLFailure) in
      try connection.store(contentsOf: records, now: now)
    }
  }

  package func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    for lookup in lookups { try properties.validate(lookup, for: .removeContents) }
    guard !lookups.isEmpty else {
      try requireOpen(.removeContents)
      return []
    }
    let label = RequestLabel(.removeContents, writes: true, weight: lookups.count) {
      lookups.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    }
    return try await write(label) { connection, now throws(SQLFailure) in
      try connection.remove(contentsOf: lookups, now: now)
    }
  }

  package func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    for lookup in lookups { try properties.validate(lookup, for: .loadContents) }
    guard !lookups.isEmpty else {
      try requireOpen(.loadContents)
      return []
    }
    return try await read(.loadContents, nil, onCaller: lookups.count <= Self.callerLimit) {
      connection, now throws(SQLFailure) in
      try connection.load(contentsOf: lookups, now: now)
    }
  }
}

// MARK: - Groups

extension SQLBackend {
  package func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    try await write(.removeAll, nil) { connection, now throws(SQLFailure) in
      try connection.removeAll(in: group, now: now)
    }
  }
}

// MARK: - Listing

extension SQLBackend {
  package func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    guard limit > 0 else {
      throw AuthCacheError(.invalidArgument, operation: .records, kind: kind, "the limit is not positive")
    }
    return try await read(.records, kind, onCaller: limit <= Self.callerLimit) { connection, now throws(SQLFailure) in
      try connection.records(of: kind, after: after, limit: limit, now: now)
    }
  }
}
