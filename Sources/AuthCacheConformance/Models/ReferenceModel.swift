public import AuthCache

/// The contract as a value: a dictionary of records, and every operation written down as plainly as possible.
///
/// What a backend answers is compared with what this answers. Slow, obvious, and never in a server.
public struct ReferenceModel: Sendable, Hashable {
  /// What it promises.
  public let properties: BackendProperties
  /// Every record that was written and not removed, expired ones included, by its lookup by id.
  public private(set) var records: [Lookup: Record] = [:]
  /// Whether it was closed.
  public private(set) var isClosed = false

  /// An empty store that promises this.
  public init(properties: BackendProperties = ReferenceModel.everything) { self.properties = properties }

  /// What the model promises where nothing else is asked of it.
  public static let everything = BackendProperties(aliases: true, durability: .none, shared: false)

  /// Carries out `call` at the instant `now`.
  ///
  /// - Throws: what a backend must throw; nothing has changed then.
  public mutating func perform(_ call: BackendCall, at now: Timestamp) throws(AuthCacheError) -> BackendAnswer {
    if case .close = call {
      isClosed = true
      return .done
    }
    guard !isClosed else { throw AuthCacheError(.closed, operation: call.operation, "the model is closed") }
    switch call {
    case .store(let record):
      try write(record, for: .store, at: now)
      return .done
    case .insert(let record):
      try properties.validate(record, for: .insert)
      if live(record.id, at: now) != nil { return .flag(false) }
      try write(record, for: .insert, at: now)
      return .flag(true)
    case .load(let lookup):
      try properties.validate(lookup, for: .load)
      return .record(live(lookup, at: now))
    case .consume(let lookup):
      try properties.validate(lookup, for: .consume)
      let record = live(lookup, at: now)
      if let record { records[record.id] = nil }
      return .record(record)
    case .replace(let current, let next):
      try properties.validate(replacing: current, with: next)
      guard live(current.id, at: now)?.revision == current.revision else { return .flag(false) }
      try write(next, for: .replace, at: now)
      return .flag(true)
    case .extend(let lookup, let expiresAt):
      try properties.validate(lookup, for: .extend)
      guard let record = live(lookup, at: now) else { return .flag(false) }
      records[record.id] = record.extended(to: expiresAt)
      return .flag(true)
    case .remove(let lookup):
      try properties.validate(lookup, for: .remove)
      return .flag(remove(lookup, at: now))
    case .removeExpired(let cutoff, let limit):
      try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: now)
      return .expired(sweep(through: cutoff, limit: limit))
    case .close:
      return .done
    case .storeContents, .removeContents, .loadContents, .removeAll, .records:
      return try performCapability(call, at: now)
    }
  }

  private mutating func performCapability(
    _ call: BackendCall, at now: Timestamp
  ) throws(AuthCacheError) -> BackendAnswer {
    switch call {
    case .storeContents(let stored):
      var copy = self
      for record in stored { try copy.write(record, for: .storeContents, at: now) }
      self = copy
      return .done
    case .removeContents(let lookups):
      for lookup in lookups { try properties.validate(lookup, for: .removeContents) }
      return .flags(lookups.map { remove($0, at: now) })
    case .loadContents(let lookups):
      for lookup in lookups { try properties.validate(lookup, for: .loadContents) }
      return .found(lookups.map { live($0, at: now) })
    case .removeAll(let group):
      let members = records.values.filter { $0.groups[group.role] == group.digest }
      for record in members { records[record.id] = nil }
      return .count(members.count { $0.isLive(at: now) })
    case .records(let kind, let after, let limit):
      guard limit > 0 else {
        throw AuthCacheError(.invalidArgument, operation: .records, kind: kind, "the limit is not positive")
      }
      let listed = records.values.filter { record in
        record.kind == kind && record.isLive(at: now) && after.map { record.digest > $0 } ?? true
      }
      return .page(Array(listed.sorted { $0.digest < $1.digest }.prefix(limit)))
    default:
      throw AuthCacheError(.unsupported, operation: call.operation, "no capability of the contract")
    }
  }

  /// The one live record that `lookup` finds.
  public func live(_ lookup: Lookup, at now: Timestamp) -> Record? {
    if lookup.field == .id { return records[lookup].flatMap { $0.isLive(at: now) ? $0 : nil } }
    return records.values.first { record in
      record.kind == lookup.kind && record.aliases[lookup.field] == lookup.digest && record.isLive(at: now)
    }
  }

  /// How many records of each kind a sweep through `cutoff` may remove at most.
  public func expired(through cutoff: Timestamp) -> ExpiredCounts {
    var counts = ExpiredCounts()
    for record in records.values where !record.isLive(at: cutoff) { counts.add(of: record.kind) }
    return counts
  }

  private mutating func write(
    _ record: Record, for operation: AuthCacheError.Operation, at now: Timestamp
  ) throws(AuthCacheError) {
    try properties.validate(record, for: operation)
    for (field, digest) in record.aliases.all {
      let holder = live(Lookup(kind: record.kind, field: field, digest: digest), at: now)
      guard holder == nil || holder?.id == record.id else {
        throw AuthCacheError(
          .conflict, operation: operation, kind: record.kind, "another live record holds the \(field.rawValue)")
      }
    }
    records[record.id] = record
  }

  private mutating func remove(_ lookup: Lookup, at now: Timestamp) -> Bool {
    guard let record = live(lookup, at: now) else { return false }
    records[record.id] = nil
    return true
  }

  private mutating func sweep(through cutoff: Timestamp, limit: Int) -> ExpiredCounts {
    var counts = ExpiredCounts()
    let expired = records.values.filter { !$0.isLive(at: cutoff) }.sorted { $0.digest < $1.digest }
    for record in expired.prefix(limit) {
      records[record.id] = nil
      counts.add(of: record.kind)
    }
    return counts
  }
}
