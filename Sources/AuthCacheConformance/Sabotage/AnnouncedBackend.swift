internal import AuthCache

/// A backend whose announcements come from somewhere else than itself.
struct AnnouncedBackend<Delegate: AuthCacheBackend>: ForwardingBackend, InvalidationBackend {
  typealias Subscribe = @Sendable () async throws(AuthCacheError) -> InvalidationStream

  let delegate: Delegate
  let subscribe: Subscribe

  func invalidations() async throws(AuthCacheError) -> InvalidationStream { try await subscribe() }
}

extension AnnouncedBackend: BulkBackend where Delegate: BulkBackend {
  func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    try await delegate.store(contentsOf: records)
  }
  func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    try await delegate.remove(contentsOf: lookups)
  }
  func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    try await delegate.load(contentsOf: lookups)
  }
}

extension AnnouncedBackend: GroupBackend where Delegate: GroupBackend {
  func removeAll(in group: Group) async throws(AuthCacheError) -> Int { try await delegate.removeAll(in: group) }
}

extension AnnouncedBackend: ListingBackend where Delegate: ListingBackend {
  func records(of kind: RecordKind, after: RecordDigest?, limit: Int) async throws(AuthCacheError) -> [Record] {
    try await delegate.records(of: kind, after: after, limit: limit)
  }
}

extension AuthCacheBackend {
  /// This backend with announcements from `subscribe`, with the other capabilities it has.
  func announced(from subscribe: @escaping AnnouncedBackend<Self>.Subscribe) -> any AuthCacheBackend {
    AnnouncedBackend(delegate: self, subscribe: subscribe)
  }
}

extension Invalidation {
  /// What is announced of a call that was answered so.
  static func changes(by call: BackendCall, answered answer: BackendAnswer) -> [Invalidation] {
    switch (call, answer) {
    case (.store(let record), _), (.insert(let record), .flag(true)), (.replace(_, let record), .flag(true)):
      changes(of: record)
    case (.extend(let lookup, _), .flag(true)), (.remove(let lookup), .flag(true)): [.record(lookup)]
    case (.consume, .record(let record?)): [.record(record.id)]
    case (.storeContents(let records), _): records.flatMap(changes(of:))
    case (.removeContents(let lookups), _): lookups.map { .record($0) }
    case (.removeAll(let group), .count(let count)) where count > 0: [.group(group)]
    default: []
    }
  }
}
