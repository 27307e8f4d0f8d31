extension CachingBackend: BulkBackend where Delegate: BulkBackend {
  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { core.forget(record) }
    defer { for record in records { core.forget(record) } }
    try await delegate.store(contentsOf: records)
  }

  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    for lookup in lookups { core.forget(lookup) }
    defer { for lookup in lookups { core.forget(lookup) } }
    return try await delegate.remove(contentsOf: lookups)
  }

  /// Answers from the cache what that knows, waits for what others ask for already, and asks the delegate for all the
  /// rest at once.
  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    if core.isClosed { throw .closed(.loadContents) }
    var answers = [Record?](repeating: nil, count: lookups.count)
    var asked: [(index: Int, flight: Flight?)] = []
    var followed: [(index: Int, flight: Flight)] = []
    for (index, lookup) in lookups.enumerated() {
      switch core.ask(lookup) {
      case .record(let record): answers[index] = record
      case .absent: break
      case .lead(let flight): asked.append((index, flight))
      case .follow(let flight): followed.append((index, flight))
      case .unknown, nil: asked.append((index, nil))
      }
    }
    if !asked.isEmpty || lookups.isEmpty {
      let found = try await lead(asked.map(\.flight), asked.map { lookups[$0.index] })
      for (asked, record) in zip(asked, found) { answers[asked.index] = record }
    }
    // Only now: nobody who waits for this call waits in vain, and no two calls for each other.
    for (index, flight) in followed {
      do throws(AuthCacheError) {
        answers[index] = try await follow(flight, lookups[index])
      } catch {
        throw error.retold(by: .loadContents, of: nil)
      }
    }
    return answers
  }

  /// Asks the delegate for all of `lookups`, for everybody who follows one of `flights` too.
  private func lead(_ flights: [Flight?], _ lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    let (begin, isFed) = (core.clock.now, core.isFed)
    func land(_ landing: (Int) -> Flight.Landing) {
      for (index, flight) in flights.enumerated() {
        guard let flight else { continue }
        core.cache(of: lookups[index].kind)?.end(flight, for: lookups[index])
        flight.land(landing(index))
      }
    }
    for (flight, lookup) in zip(flights, lookups) where flight != nil { core.cache(of: lookup.kind)?.countLoad() }
    let found: [Record?]
    do throws(AuthCacheError) {
      found = try await delegate.load(contentsOf: lookups)
    } catch {
      land { _ in error.code == .cancelled ? .handedOver : .failed }
      throw error
    }
    guard found.count == lookups.count else {
      land { _ in .failed }
      throw AuthCacheError(
        .corrupt, operation: .loadContents, "the delegate answered \(found.count) of \(lookups.count) lookups")
    }
    for (index, flight) in flights.enumerated() {
      guard let flight else { continue }
      core.cache(of: lookups[index].kind)?.keep(
        found[index], for: lookups[index], generation: flight.generation, askedAt: begin, isFed: isFed)
    }
    land { .answer(found[$0]) }
    return found
  }
}

extension CachingBackend: GroupBackend where Delegate: GroupBackend {
  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    core.forget(group)
    defer { core.forget(group) }
    return try await delegate.removeAll(in: group)
  }
}

extension CachingBackend: ListingBackend where Delegate: ListingBackend {
  /// Asks the delegate, and leaves the cache alone: a listing would wash it out.
  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    try await delegate.records(of: kind, after: after, limit: limit)
  }
}

extension CachingBackend: InvalidationBackend where Delegate: InvalidationBackend {
  /// What the delegate announces, applied to this cache first: a cache over this one takes this one for its source, and
  /// is not filled with what this one remembered.
  public func invalidations() async throws(AuthCacheError) -> AppliedInvalidations<Delegate.Invalidations> {
    AppliedInvalidations(base: try await delegate.invalidations(), core: core)
  }
}
