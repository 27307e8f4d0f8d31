/// Which waiting stores carry which alias. Seldom more than one carries the same.
struct AliasIndex: Sendable {
  private var holders: [Lookup: Int] = [:]
  /// Further holders of an alias that has one.
  private var others: [Lookup: [Int]] = [:]

  subscript(alias: Lookup) -> [Int] {
    guard let holder = holders[alias] else { return [] }
    return [holder] + (others[alias] ?? [])
  }

  mutating func insert(_ record: Record, at slot: Int) {
    for alias in Self.aliases(of: record) {
      if let holder = holders[alias] {
        if holder != slot { others[alias, default: []].append(slot) }
      } else {
        holders[alias] = slot
      }
    }
  }

  mutating func remove(_ record: Record, at slot: Int) {
    for alias in Self.aliases(of: record) {
      var remaining = (others[alias] ?? []).filter { $0 != slot }
      if holders[alias] == slot { holders[alias] = remaining.popLast() }
      if !others.isEmpty { others[alias] = remaining.isEmpty ? nil : remaining }
    }
  }

  private static func aliases(of record: Record) -> [Lookup] {
    record.aliases.all.map { Lookup(kind: record.kind, field: $0.field, digest: $0.digest) }
  }
}
