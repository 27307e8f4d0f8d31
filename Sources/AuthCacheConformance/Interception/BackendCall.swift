public import AuthCache

/// One call of a backend's operation, as a value: what interceptors see, traces print and histories keep.
public enum BackendCall: Sendable, Equatable {
  case store(Record)
  case insert(Record)
  case load(Lookup)
  case consume(Lookup)
  case replace(Record, with: Record)
  case extend(Lookup, to: Timestamp)
  case remove(Lookup)
  case removeExpired(through: Timestamp, limit: Int)
  case close
  case storeContents([Record])
  case removeContents([Lookup])
  case loadContents([Lookup])
  case removeAll(Group)
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
  case flag(Bool)
  case record(Record?)
  case expired(ExpiredCounts)
  case flags([Bool])
  case found([Record?])
  case count(Int)
  case page([Record])
}
