import AuthCache

/// The contract in its plainest form: a list of records, searched from end to end.
struct NaiveModel {
  private(set) var records: [Record] = []

  func live(_ lookup: Lookup, at now: Timestamp) -> Record? {
    records.first { $0.isLive(at: now) && $0.lookups.contains(lookup) }
  }

  func hasConflict(_ record: Record, at now: Timestamp) -> Bool {
    records.contains { other in
      other.id != record.id && other.isLive(at: now)
        && record.lookups.dropFirst().contains { other.lookups.dropFirst().contains($0) }
    }
  }

  /// False if that is a conflict.
  mutating func store(_ record: Record, at now: Timestamp) -> Bool {
    guard !hasConflict(record, at: now) else { return false }
    records.removeAll { $0.id == record.id }
    records.append(record)
    return true
  }

  mutating func store(contentsOf batch: [Record], at now: Timestamp) -> Bool {
    let before = self
    for record in batch where !store(record, at: now) {
      self = before
      return false
    }
    return true
  }

  mutating func consume(_ lookup: Lookup, at now: Timestamp) -> Record? {
    guard let record = live(lookup, at: now) else { return nil }
    records.removeAll { $0.id == record.id }
    return record
  }

  mutating func extend(_ lookup: Lookup, to expiresAt: Timestamp, at now: Timestamp) -> Bool {
    guard let record = live(lookup, at: now) else { return false }
    records.removeAll { $0.id == record.id }
    records.append(record.extended(to: expiresAt))
    return true
  }

  mutating func removeAll(in group: Group, at now: Timestamp) -> Int {
    let (members, others) = (
      records.filter { $0.groups[group.role] == group.digest }, records.filter { $0.groups[group.role] != group.digest }
    )
    records = others
    return members.filter { $0.isLive(at: now) }.count
  }

  mutating func removeExpired(through cutoff: Timestamp) -> ExpiredCounts {
    var counts = ExpiredCounts()
    for record in records where !record.isLive(at: cutoff) { counts.add(of: record.kind) }
    records.removeAll { !$0.isLive(at: cutoff) }
    return counts
  }

  func page(of kind: RecordKind, after: RecordDigest?, limit: Int, at now: Timestamp) -> [Record] {
    let all = records.filter { $0.kind == kind && $0.isLive(at: now) }.sorted { $0.digest < $1.digest }
    return Array(all.filter { record in after.map { record.digest > $0 } ?? true }.prefix(limit))
  }
}
