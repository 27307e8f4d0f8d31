package import AuthCache

/// Every statement that the operations use, by name. A connection prepares each at most once for each table.
package enum Statement: Hashable, Sendable {
  case load(Lookup.Field), loadMany(Lookup.Field)
  case consume(Lookup.Field), consumeMany(Lookup.Field)
  case remove(Lookup.Field), removeMany(Lookup.Field)
  /// The deletes that follow a locked select, where a delete can't return what it took.
  case eraseLive(Lookup.Field), eraseLiveMany(Lookup.Field), erase(Lookup.Field), eraseMany(Lookup.Field)
  case extend(Lookup.Field)
  case isLive(Lookup.Field)
  case dropExpiredHolder(Lookup.Field)
  case removeGroup(Group.Role), eraseGroup(Group.Role)
  case store, storeMany, insert, insertMany, replace, removeExpired, eraseExpired, list
  /// The log of changes, where there is one. It stands beside the base table.
  case changes, lastChange, missingChanges, awaitChange, forgetChanges

  /// The delete that follows this one where it is a locked select.
  package var companion: Statement? {
    switch self {
    case .consume(let field): .eraseLive(field)
    case .consumeMany(let field): .eraseLiveMany(field)
    case .remove(let field): .erase(field)
    case .removeMany(let field): .eraseMany(field)
    case .removeGroup(let role): .eraseGroup(role)
    default: nil
    }
  }

  /// A small number of its own.
  package var index: Int {
    switch self {
    case .load(let field): 0 + field.index
    case .loadMany(let field): 3 + field.index
    case .consume(let field): 6 + field.index
    case .consumeMany(let field): 9 + field.index
    case .remove(let field): 12 + field.index
    case .removeMany(let field): 15 + field.index
    case .eraseLive(let field): 18 + field.index
    case .eraseLiveMany(let field): 21 + field.index
    case .erase(let field): 24 + field.index
    case .eraseMany(let field): 27 + field.index
    case .extend(let field): 30 + field.index
    case .isLive(let field): 33 + field.index
    case .dropExpiredHolder(let field): 36 + field.index
    case .removeGroup(let role): 39 + role.index
    case .eraseGroup(let role): 42 + role.index
    case .store: 45
    case .storeMany: 46
    case .insert: 47
    case .insertMany: 48
    case .replace: 49
    case .removeExpired: 50
    case .eraseExpired: 51
    case .list: 52
    case .changes: 53
    case .lastChange: 54
    case .missingChanges: 55
    case .awaitChange: 56
    case .forgetChanges: 57
    }
  }

  package static let count = 58

  /// All of them, in the order of their index.
  package static let all: [Statement] =
    [
      load, loadMany, consume, consumeMany, remove, removeMany, eraseLive, eraseLiveMany, erase, eraseMany, extend,
      isLive, dropExpiredHolder,
    ].flatMap { statement in Lookup.Field.allCases.map(statement) }
    + [removeGroup, eraseGroup].flatMap { statement in Group.Role.allCases.map(statement) }
    + [.store, .storeMany, .insert, .insertMany, .replace, .removeExpired, .eraseExpired, .list]
    + [.changes, .lastChange, .missingChanges, .awaitChange, .forgetChanges]
}

extension Lookup.Field {
  fileprivate var index: Int {
    switch self {
    case .id: 0
    case .accessToken: 1
    case .refreshToken: 2
    }
  }
}

extension Group.Role {
  fileprivate var index: Int {
    switch self {
    case .subject: 0
    case .providerSession: 1
    case .grant: 2
    }
  }
}
