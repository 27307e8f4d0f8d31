package import AuthCache

// MARK: - Bulk

extension SQLBackend {
  package func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { try properties.validate(record, for: .storeContents) }
    guard !records.isEmpty else { return try requireOpen(.storeContents) }
    _ = try await writes.perform(.storeAll(records))
  }

  package func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    for lookup in lookups { try properties.validate(lookup, for: .removeContents) }
    guard !lookups.isEmpty else {
      try requireOpen(.removeContents)
      return []
    }
    let request = SQLRequest.removeAll(lookups)
    guard case .flags(let removed) = try await writes.perform(request) else { throw misplaced(request) }
    return removed
  }

  package func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    for lookup in lookups { try properties.validate(lookup, for: .loadContents) }
    guard !lookups.isEmpty else {
      try requireOpen(.loadContents)
      return []
    }
    let request = SQLRequest.loadAll(lookups)
    if lookups.count <= Self.callerLimit {
      let onCaller = try readOnCaller(.loadContents, nil) { [layout] connection, now throws(SQLFailure) in
        try connection.beginReading()
        defer { connection.rollback() }
        return try connection.perform(request, layout, careful: false, now: now)
      }
      if let onCaller { return try records(onCaller, request) }
    }
    return try records(try await reads.perform(request), request)
  }

  private func records(_ answer: SQLAnswer, _ request: SQLRequest) throws(AuthCacheError) -> [Record?] {
    guard case .records(let records) = answer else { throw misplaced(request) }
    return records
  }
}

// MARK: - Groups

extension SQLBackend {
  package func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    let request = SQLRequest.removeGroup(group)
    guard case .count(let count) = try await writes.perform(request) else { throw misplaced(request) }
    return count
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
    let request = SQLRequest.list(kind, after: after, limit: limit)
    if limit <= Self.callerLimit {
      let onCaller = try readOnCaller(.records, kind) { [layout] connection, now throws(SQLFailure) in
        try connection.perform(request, layout, careful: false, now: now)
      }
      if let onCaller { return try listed(onCaller, request) }
    }
    return try listed(try await reads.perform(request), request)
  }

  private func listed(_ answer: SQLAnswer, _ request: SQLRequest) throws(AuthCacheError) -> [Record] {
    guard case .listed(let records) = answer else { throw misplaced(request) }
    return records
  }
}
