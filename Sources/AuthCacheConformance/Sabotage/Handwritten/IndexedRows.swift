internal import AuthCache

/// Rows, and beside them an index for each way to find them: what a key-value store makes its users write.
struct IndexedRows: Sendable {
  let flaw: IndexFlaw?
  private(set) var rows: [Lookup: Record] = [:]
  private(set) var tokens: [Lookup: Lookup] = [:]
  private var members: [Group: Set<Lookup>] = [:]
  /// What listings are made from.
  private var listed: [Lookup: [Record]] = [:]

  /// By what a record is written.
  enum Way { case store, insert, replace, bulk }

  init(_ flaw: IndexFlaw?) { self.flaw = flaw }

  func isLive(_ record: Record, at now: Timestamp) -> Bool {
    if let end = record.expiresAt?.millisecondsSinceEpoch {
      if flaw == .zeroIsNever, end == 0 { return true }
      if flaw == .endsWithoutSign, end < 0 { return true }
    }
    return record.isLive(at: now)
  }

  func find(_ lookup: Lookup, at now: Timestamp) -> Record? {
    guard let id = lookup.field == .id ? lookup : tokens[lookup], let record = rows[id], isLive(record, at: now) else {
      return nil
    }
    return record
  }

  /// Whether another record holds a token of `record`.
  func isTaken(from record: Record, by way: Way, at now: Timestamp) -> Bool {
    record.lookups.dropFirst().contains { token in
      guard let id = tokens[token], id != record.id, let holder = rows[id] else { return false }
      if isLive(holder, at: now) { return true }
      switch way {
      case .store: return false
      case .insert: return flaw == .insertMeetsDeadHolder
      case .replace: return flaw == .replaceMeetsDeadHolder
      case .bulk: return flaw == .bulkMeetsDeadHolder
      }
    }
  }

  mutating func write(_ record: Record, by way: Way, at now: Timestamp) {
    let old = rows[record.id]
    let record = changed(record, over: old, by: way)
    if let old {
      let leavesTokens =
        switch way {
        case .insert: flaw == .insertLeavesOldTokens
        case .store: flaw == .storeLeavesOldTokens && !isLive(old, at: now)
        case .replace, .bulk: false
        }
      if !leavesTokens { free(old) }
      leaveGroups(old)
    }
    rows[record.id] = record
    index(tokensOf: record)
    if !(way == .insert && flaw == .insertJoinsNoGroup), !(way == .bulk && flaw == .bulkJoinsNoGroup) {
      join(groupsOf: record)
    }
    list(record, by: way)
  }

  private func changed(_ record: Record, over old: Record?, by way: Way) -> Record {
    let isCut = way == .insert && flaw == .insertCutsPayloads || way == .replace && flaw == .replaceCutsPayloads
    if isCut, record.payload.count > 65_535 {
      return record.replacing(revision: record.revision, payload: Payload(Array(record.payload.bytes.prefix(65_535))))
    }
    if flaw == .creationWithoutSign, record.createdAt.millisecondsSinceEpoch < 0 {
      return record.replacing(revision: record.revision, createdAt: Timestamp(millisecondsSinceEpoch: 0))
    }
    guard way == .replace, let old else { return record }
    if flaw == .replaceKeepsCreation { return record.replacing(revision: record.revision, createdAt: old.createdAt) }
    if flaw == .replaceKeepsForEver, old.expiresAt == nil {
      return record.replacing(revision: record.revision, expiresAt: .some(nil))
    }
    return record
  }

  mutating func index(tokensOf record: Record) { for token in record.lookups.dropFirst() { tokens[token] = record.id } }

  mutating func join(groupsOf record: Record) {
    for group in record.groups.all { members[key(group), default: []].insert(record.id) }
  }

  /// Keeps the revision: what else changed is in `record`.
  mutating func overwrite(_ record: Record) {
    rows[record.id] = record
    list(record, by: .store)
  }

  mutating func delete(_ record: Record, leavingGroups: Bool = false, leavingListing: Bool = false) {
    free(record)
    if !leavingGroups { leaveGroups(record) }
    rows[record.id] = nil
    if !leavingListing { listed[record.id] = nil }
  }

  /// Takes its tokens from a record, where they still are its own.
  private mutating func free(_ record: Record) {
    for token in record.lookups.dropFirst() where tokens[token] == record.id { tokens[token] = nil }
  }

  private mutating func leaveGroups(_ record: Record) {
    for group in record.groups.all { members[key(group)]?.remove(record.id) }
  }

  private func key(_ group: Group) -> Group {
    switch flaw {
    case .groupsAsText: Group(role: group.role, digest: group.digest.foldingCase)
    case .groupsCutInHalf:
      Group(role: group.role, digest: RecordDigest(words: (group.digest.words.0, group.digest.words.1, 0, 0)))
    default: group
    }
  }

  mutating func removeAll(in group: Group, at now: Timestamp) -> Int {
    var count = 0
    for record in (members.removeValue(forKey: key(group)) ?? []).compactMap({ rows[$0] }) {
      if isLive(record, at: now) { count += 1 }
      delete(record, leavingGroups: flaw == .groupLeavesOtherGroups)
    }
    return count
  }

  mutating func sweep(through cutoff: Timestamp, limit: Int) -> ExpiredCounts {
    var counts = ExpiredCounts()
    var swept: [RecordKind: Int] = [:]
    var candidates = rows.values.sorted { $0.digest < $1.digest }
    if flaw == .sweepStarves { candidates = Array(candidates.prefix(limit)) }
    for record in candidates where record.expiresAt.map({ $0 <= cutoff }) ?? false {
      let room = flaw == .sweepLimitsEachKind ? swept[record.kind, default: 0] : counts.total
      guard room < limit else { continue }
      if flaw == .sweepTakesPassedTokens { for token in record.lookups.dropFirst() { tokens[token] = nil } }
      delete(record, leavingGroups: flaw == .sweepLeavesMembership)
      swept[record.kind, default: 0] += 1
      counts.add(of: record.kind)
    }
    return counts
  }

  private mutating func list(_ record: Record, by way: Way) {
    switch flaw {
    case .listingMissesInserts where way == .insert: break
    case .listingOfFirstVersions: listed[record.id] = listed[record.id] ?? [record]
    case .listingOfEveryVersion: listed[record.id, default: []].append(record)
    default: listed[record.id] = [record]
    }
  }

  func page(of kind: RecordKind, after: RecordDigest?, limit: Int, at now: Timestamp) -> [Record] {
    let all = listed.values.joined().filter { record in
      record.kind == kind && after.map { record.digest > $0 } ?? true
    }.sorted { $0.digest < $1.digest }
    if flaw == .pageCutBeforeTheDead { return all.prefix(limit).filter { isLive($0, at: now) } }
    return Array(all.filter { isLive($0, at: now) }.prefix(limit))
  }
}

extension RecordDigest {
  /// As a collation would compare it.
  fileprivate var foldingCase: RecordDigest {
    RecordDigest(bytes: bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }) ?? self
  }
}
