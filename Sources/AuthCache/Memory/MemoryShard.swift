/// One shard of a ``MemoryBackend``: what is found by the digests that fall into it.
///
/// A record stands under its id in one shard, and once more under each alias in the shard of that alias, so every load
/// asks one shard. The copy under the id is the one that counts; those under aliases mean something only while it is
/// live, and equal it then.
struct MemoryShard: Sendable {
  var isClosed = false
  private var records: [Lookup: Record] = [:]
  private var groups: [Group: Set<Lookup>] = [:]

  /// The record under `lookup`, live or not.
  subscript(lookup: Lookup) -> Record? { records[lookup] }

  /// Puts `record` under its id, where nothing may be.
  mutating func place(_ record: Record) {
    records[record.id] = record
    for group in record.groups.all { groups[group, default: []].insert(record.id) }
  }

  /// Takes away what is under the id of `record`.
  mutating func erase(_ record: Record) {
    records[record.id] = nil
    for group in record.groups.all {
      groups[group]?.remove(record.id)
      if groups[group]?.isEmpty == true { groups[group] = nil }
    }
  }

  /// Puts `record` under one of its aliases, whoever holds that.
  mutating func placeAlias(_ lookup: Lookup, of record: Record) { records[lookup] = record }

  /// Takes the alias away from `record` if it still holds it.
  mutating func eraseAlias(_ lookup: Lookup, of record: Record) {
    if let holder = records[lookup], holder.digest == record.digest { records[lookup] = nil }
  }

  /// Puts a later version of the same record, with the same groups, in its place.
  mutating func update(_ lookup: Lookup, to record: Record) { records[lookup] = record }

  /// The ids of the records of `group`.
  func members(of group: Group) -> Set<Lookup> { groups[group] ?? [] }

  /// The live records of `kind` whose digest is greater than `after`, in ascending order.
  func records(of kind: RecordKind, after: RecordDigest?, at now: Timestamp) -> [Record] {
    records.lazy
      .filter { $0.key.field == .id && $0.key.kind == kind && $0.value.isLive(at: now) }
      .map(\.value)
      .filter { record in after.map { record.digest > $0 } ?? true }
      .sorted { $0.digest < $1.digest }
  }

  /// Up to `limit` records with `expiresAt <= cutoff`.
  func expired(through cutoff: Timestamp, limit: Int) -> [Record] {
    Array(
      records.lazy.filter { $0.key.field == .id && !$0.value.isLive(at: cutoff) }.map(\.value).prefix(limit))
  }
}
