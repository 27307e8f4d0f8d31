public import AuthCache

/// One call of a backend's operation, as a value: what interceptors see, traces print and histories keep.
public enum BackendCall: Sendable, Equatable {
  /// `store(record)`.
  case store(Record)
  /// `insert(record)`.
  case insert(Record)
  /// `load(lookup)`.
  case load(Lookup)
  /// `consume(lookup)`.
  case consume(Lookup)
  /// `replace(current, with: next)`.
  case replace(Record, with: Record)
  /// `extend(lookup, to: expiresAt)`.
  case extend(Lookup, to: Timestamp)
  /// `remove(lookup)`.
  case remove(Lookup)
  /// `removeExpired(through: cutoff, limit:)`.
  case removeExpired(through: Timestamp, limit: Int)
  /// `close()`.
  case close
  /// `store(contentsOf:)`.
  case storeContents([Record])
  /// `remove(contentsOf:)`.
  case removeContents([Lookup])
  /// `load(contentsOf:)`.
  case loadContents([Lookup])
  /// `removeAll(in: group)`.
  case removeAll(Group)
  /// `records(of: kind, after:, limit:)`.
  case records(of: RecordKind, after: RecordDigest?, limit: Int)

  /// The operation's name as errors spell it.
  public var operation: AuthCacheError.Operation {
    switch self {
    case .store: .store
    case .insert: .insert
    case .load: .load
    case .consume: .consume
    case .replace: .replace
    case .extend: .extend
    case .remove: .remove
    case .removeExpired: .removeExpired
    case .close: .close
    case .storeContents: .storeContents
    case .removeContents: .removeContents
    case .loadContents: .loadContents
    case .removeAll: .removeAll
    case .records: .records
    }
  }

  /// The kind of record concerned, where there is exactly one.
  public var kind: RecordKind? {
    switch self {
    case .store(let record), .insert(let record), .replace(let record, _): record.kind
    case .load(let lookup), .consume(let lookup), .extend(let lookup, _), .remove(let lookup): lookup.kind
    case .records(let kind, _, _): kind
    default: nil
    }
  }
}

/// What a call answered, where it did not throw.
public enum BackendAnswer: Sendable, Equatable {
  /// `store`, `store(contentsOf:)` and `close` return nothing.
  case done
  /// What `insert`, `replace`, `extend` and `remove` return.
  case flag(Bool)
  /// What `load` and `consume` return.
  case record(Record?)
  /// What `removeExpired` returns.
  case expired(ExpiredCounts)
  /// What `remove(contentsOf:)` returns.
  case flags([Bool])
  /// What `load(contentsOf:)` returns.
  case found([Record?])
  /// What `removeAll(in:)` returns.
  case count(Int)
  /// What `records(of:after:limit:)` returns.
  case page([Record])
}
