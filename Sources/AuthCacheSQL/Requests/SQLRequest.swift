package import AuthCache

/// One operation, as data: so that a lane can serve together what is alike.
package enum SQLRequest: Sendable {
  /// Makes a lane connect.
  case open
  case load(Lookup)
  case loadAll([Lookup])
  case list(RecordKind, after: RecordDigest?, limit: Int)
  case store(Record)
  case insert(Record)
  case replace(revision: UInt64, with: Record)
  case consume(Lookup)
  case extend(Lookup, to: Timestamp)
  case remove(Lookup)
  case storeAll([Record])
  case removeAll([Lookup])
  case removeGroup(Group)
  case removeExpired(through: Timestamp, limit: Int)
  /// Where the log of changes ends, and what is not there yet; nil where there is no log.
  case beginOfChanges
  case changes(after: Int64)
  case awaitChange(Int64)
  case forgetChanges(through: Int64)
}

extension SQLRequest {
  package var operation: AuthCacheError.Operation {
    switch self {
    case .open: .open
    case .load: .load
    case .loadAll: .loadContents
    case .list: .records
    case .store: .store
    case .insert: .insert
    case .replace: .replace
    case .consume: .consume
    case .extend: .extend
    case .remove: .remove
    case .storeAll: .storeContents
    case .removeAll: .removeContents
    case .removeGroup: .removeAll
    case .removeExpired: .removeExpired
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: .invalidations
    }
  }

  package var kind: RecordKind? {
    switch self {
    case .load(let lookup), .consume(let lookup), .extend(let lookup, _), .remove(let lookup): lookup.kind
    case .store(let record), .insert(let record), .replace(_, let record): record.kind
    case .list(let kind, _, _): kind
    case .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: nil
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: nil
    }
  }

  var writes: Bool {
    switch self {
    case .open, .load, .loadAll, .list, .beginOfChanges, .changes: false
    case .store, .insert, .replace, .consume, .extend, .remove: true
    case .storeAll, .removeAll, .removeGroup, .removeExpired: true
    case .awaitChange, .forgetChanges: true
    }
  }

  /// How many records it concerns.
  var weight: Int {
    switch self {
    case .loadAll(let lookups), .removeAll(let lookups): lookups.count
    case .storeAll(let records): records.count
    default: 1
    }
  }

  /// Whether it may share a transaction with others. What writes more than one record is a unit of its own.
  var isSociable: Bool {
    switch self {
    case .load, .list, .store, .insert, .replace, .consume, .extend, .remove: true
    case .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: false
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: false
    }
  }

  /// How many records of each kind are not written if it is given up.
  var unwritten: [RecordKind: Int] {
    switch self {
    case .storeAll(let records): records.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    case .removeAll(let lookups): lookups.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    default: kind.map { [$0: 1] } ?? [:]
    }
  }
}

/// What a request is answered.
package enum SQLAnswer: Sendable {
  case done
  case flag(Bool)
  case record(Record?)
  case records([Record?])
  case listed([Record])
  case flags([Bool])
  case count(Int)
  case swept(ExpiredCounts, rows: Int)
  case begin(ChangePosition?)
  case changes([LoggedChange], last: Int64?)
}
