public import AuthCache

/// Stands between a caller and a backend: may look at a call, change it, delay it, fail it, answer it or repeat it.
///
/// Tracing, recording of histories, injected faults and sabotage are all interceptors, so a wrapped backend can do
/// exactly what its delegate can.
public protocol BackendInterceptor: Sendable {
  /// Answers `call`. Call `proceed` to let the delegate do it; the answer must be of the case that belongs to the call.
  func intercept(
    _ call: BackendCall, proceed: BackendProceed
  ) async throws(AuthCacheError) -> BackendAnswer

  /// The properties to declare, given the delegate's.
  func properties(of delegate: BackendProperties) -> BackendProperties
}

/// Carries a call out on the delegate.
public typealias BackendProceed = @Sendable (BackendCall) async throws(AuthCacheError) -> BackendAnswer

extension BackendInterceptor {
  public func properties(of delegate: BackendProperties) -> BackendProperties { delegate }
}

/// A backend whose every call goes through an interceptor. Has the capabilities that its delegate has.
public struct InterceptedBackend<Delegate: AuthCacheBackend>: AuthCacheBackend {
  /// What calls are passed on to.
  public let delegate: Delegate
  /// What every call goes through.
  public let interceptor: any BackendInterceptor

  /// `delegate`, every call of which goes through `interceptor`.
  public init(_ delegate: Delegate, by interceptor: any BackendInterceptor) {
    self.delegate = delegate
    self.interceptor = interceptor
  }

  public var properties: BackendProperties { interceptor.properties(of: delegate.properties) }

  public func store(_ record: Record) async throws(AuthCacheError) {
    _ = try await answer(.store(record))
  }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try await flag(.insert(record))
  }

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try await record(.load(lookup))
  }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try await record(.consume(lookup))
  }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try await flag(.replace(current, with: next))
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try await flag(.extend(lookup, to: expiresAt))
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try await flag(.remove(lookup))
  }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    let call = BackendCall.removeExpired(through: cutoff, limit: limit)
    guard case .expired(let counts) = try await answer(call) else { throw mismatch(call) }
    return counts
  }

  public func close() async throws(AuthCacheError) {
    _ = try await answer(.close)
  }

  private func flag(_ call: BackendCall) async throws(AuthCacheError) -> Bool {
    guard case .flag(let flag) = try await answer(call) else { throw mismatch(call) }
    return flag
  }

  private func record(_ call: BackendCall) async throws(AuthCacheError) -> Record? {
    guard case .record(let record) = try await answer(call) else { throw mismatch(call) }
    return record
  }

  private func answer(_ call: BackendCall) async throws(AuthCacheError) -> BackendAnswer {
    let delegate = delegate
    return try await interceptor.intercept(call) { call async throws(AuthCacheError) in
      try await delegate.perform(call)
    }
  }

  private func mismatch(_ call: BackendCall) -> AuthCacheError {
    AuthCacheError(
      .invalidArgument, operation: call.operation, "an interceptor answered with what this operation never returns")
  }
}

extension InterceptedBackend: BulkBackend where Delegate: BulkBackend {
  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    _ = try await answer(.storeContents(records))
  }

  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    let call = BackendCall.removeContents(lookups)
    guard case .flags(let flags) = try await answer(call) else { throw mismatch(call) }
    return flags
  }

  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    let call = BackendCall.loadContents(lookups)
    guard case .found(let records) = try await answer(call) else { throw mismatch(call) }
    return records
  }
}

extension InterceptedBackend: GroupBackend where Delegate: GroupBackend {
  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    let call = BackendCall.removeAll(group)
    guard case .count(let count) = try await answer(call) else { throw mismatch(call) }
    return count
  }
}

extension InterceptedBackend: ListingBackend where Delegate: ListingBackend {
  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    let call = BackendCall.records(of: kind, after: after, limit: limit)
    guard case .page(let page) = try await answer(call) else { throw mismatch(call) }
    return page
  }
}

extension InterceptedBackend: InvalidationBackend where Delegate: InvalidationBackend {
  public func invalidations() async throws(AuthCacheError) -> Delegate.Invalidations {
    try await delegate.invalidations()
  }
}

extension AuthCacheBackend {
  /// Carries out `call` on this backend.
  ///
  /// - Throws: what the operation throws; `unsupported` for a capability that this backend does not have.
  public func perform(_ call: BackendCall) async throws(AuthCacheError) -> BackendAnswer {
    switch call {
    case .store(let record):
      try await store(record)
      return .done
    case .insert(let record): return .flag(try await insert(record))
    case .load(let lookup): return .record(try await load(lookup))
    case .consume(let lookup): return .record(try await consume(lookup))
    case .replace(let current, let next): return .flag(try await replace(current, with: next))
    case .extend(let lookup, let expiresAt): return .flag(try await extend(lookup, to: expiresAt))
    case .remove(let lookup): return .flag(try await remove(lookup))
    case .removeExpired(let cutoff, let limit):
      return .expired(try await removeExpired(through: cutoff, limit: limit))
    case .close:
      try await close()
      return .done
    case .storeContents(let records):
      try await capability((any BulkBackend).self, for: call).store(contentsOf: records)
      return .done
    case .removeContents(let lookups):
      return .flags(try await capability((any BulkBackend).self, for: call).remove(contentsOf: lookups))
    case .loadContents(let lookups):
      return .found(try await capability((any BulkBackend).self, for: call).load(contentsOf: lookups))
    case .removeAll(let group):
      return .count(try await capability((any GroupBackend).self, for: call).removeAll(in: group))
    case .records(let kind, let after, let limit):
      return .page(
        try await capability((any ListingBackend).self, for: call).records(of: kind, after: after, limit: limit))
    }
  }

  private func capability<Capability>(
    _: Capability.Type, for call: BackendCall
  ) throws(AuthCacheError) -> Capability {
    guard let capable = self as? Capability else {
      throw AuthCacheError(.unsupported, operation: call.operation, "this backend does not have the capability")
    }
    return capable
  }

  /// This backend behind `interceptor`, with the capabilities it has.
  public func intercepted(by interceptor: any BackendInterceptor) -> any AuthCacheBackend {
    InterceptedBackend(self, by: interceptor)
  }
}
