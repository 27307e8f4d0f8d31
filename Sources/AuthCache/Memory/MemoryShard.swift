/// One shard of a ``MemoryBackend``: what is found by the digests that fall into it.
///
/// A record stands under its id in one shard, and once more under each alias in the shard of that alias, so every load
/// asks one shard. The one under the id is what counts. One under an alias means something only while it is live, and
/// equals it then; after that it may stay behind, for nobody to see, until it is overwritten or swept away.
struct MemoryShard: Sendable {
  var isClosed = false
  private var byID = RecordTable(by: .id)
  private var byAccessToken = RecordTable(by: .accessToken)
  private var byRefreshToken = RecordTable(by: .refreshToken)
  private var groups = GroupIndex()
  private var expiry = ExpiryQueue()

  /// The record under `lookup`, live or not.
  subscript(lookup: Lookup) -> Record? {
    switch lookup.field {
    case .id: byID[lookup.kind, lookup.digest]
    case .accessToken: byAccessToken[lookup.kind, lookup.digest]
    case .refreshToken: byRefreshToken[lookup.kind, lookup.digest]
    }
  }

  /// How many records stand under their id and under an alias, live or not, and how many groups they form.
  var counts: (records: Int, aliases: Int, groups: Int) {
    (byID.count, byAccessToken.count + byRefreshToken.count, groups.count)
  }

  // MARK: Under the id

  /// Puts `record` under its id, where nothing is.
  mutating func place(_ record: Record) {
    let position = byID.insert(record)
    groups.join(record.groups, position)
    expiry.schedule(position, at: record.expiresAt)
  }

  /// Takes away what is under the id of `record`.
  mutating func erase(_ record: Record) {
    guard let held = byID[record.kind, record.digest], let position = byID.remove(record.kind, record.digest) else {
      return
    }
    groups.leave(held.groups, position)
  }

  /// The records of `group` whose ids fall into this shard.
  func members(of group: Group) -> [Record] { groups.members(of: group).compactMap { byID[$0] } }

  /// The live records of `kind` whose digest is greater than `after`, in ascending order.
  func records(of kind: RecordKind, after: RecordDigest?, at now: Timestamp) -> [Record] {
    byID.all
      .filter { record in
        record.kind == kind && record.isLive(at: now) && after.map { record.digest > $0 } ?? true
      }
      .sorted { $0.digest < $1.digest }
  }

  /// Takes away records with `expiresAt <= cutoff`, but not those under their aliases, which are in other shards.
  ///
  /// - Parameters:
  ///   - limit: how many go at most.
  ///   - visits: how many are looked at, at most.
  /// - Returns: the records, and whether nothing more is due.
  mutating func removeExpired(
    through cutoff: Timestamp, limit: Int, visiting visits: Int
  ) -> (removed: [Record], isDone: Bool) {
    var removed: [Record] = []
    var visits = visits
    while removed.count < limit, visits > 0 {
      guard let position = expiry.nextDue(through: cutoff) else { return (removed, true) }
      visits -= 1
      guard let record = byID[position] else { continue }
      if record.isLive(at: cutoff) {
        expiry.schedule(position, at: record.expiresAt)
      } else {
        erase(record)
        removed.append(record)
      }
    }
    return (removed, false)
  }

  // MARK: Under an alias

  /// Puts `record` under its alias `field`, in place of whoever held that.
  mutating func place(_ record: Record, under field: Lookup.Field, at now: Timestamp) {
    withTable(field) { table in
      guard let digest = record.digest(under: field) else { return }
      if let position = table.position(of: record.kind, digest) { return table.update(position, to: record) }
      table.makeRoom { !$0.isLive(at: now) }
      table.insert(record)
    }
  }

  /// Takes the alias `field` away from `record` if that still holds it.
  mutating func erase(_ record: Record, under field: Lookup.Field) {
    withTable(field) { table in
      guard let digest = record.digest(under: field), let holder = table[record.kind, digest],
        holder.digest == record.digest
      else { return }
      table.remove(record.kind, digest)
    }
  }

  // MARK: Under either

  /// Puts a later end on the record that stands under `field`.
  mutating func update(_ extended: Record, under field: Lookup.Field) {
    withTable(field) { table in
      guard let digest = extended.digest(under: field), let position = table.position(of: extended.kind, digest) else {
        return
      }
      table.update(position, to: extended)
    }
  }

  private mutating func withTable<Result>(_ field: Lookup.Field, _ body: (inout RecordTable) -> Result) -> Result {
    switch field {
    case .id: body(&byID)
    case .accessToken: body(&byAccessToken)
    case .refreshToken: body(&byRefreshToken)
    }
  }
}
