internal import AuthCache
internal import Foundation

/// One line of a ``Journal``: a change that was made, and when.
struct JournalEntry: Codable {
  var at: Int64
  var put: [JournalRecord]?
  var take: [JournalLookup]?
  var extended: JournalLookup?
  var to: Int64?
  var role: String?
  var group: Data?
  var sweep: Int64?
  var limit: Int?

  /// Nil if nothing was changed.
  init?(_ call: BackendCall, _ answer: BackendAnswer, at now: Timestamp) {
    at = now.millisecondsSinceEpoch
    switch (call, answer) {
    case (.store(let record), _), (.insert(let record), .flag(true)), (.replace(_, let record), .flag(true)):
      put = [JournalRecord(record)]
    case (.storeContents(let records), _): put = records.map(JournalRecord.init)
    case (.consume(let lookup), .record(.some)), (.remove(let lookup), .flag(true)): take = [JournalLookup(lookup)]
    case (.removeContents(let lookups), _): take = lookups.map(JournalLookup.init)
    case (.extend(let lookup, let end), .flag(true)):
      extended = JournalLookup(lookup)
      to = end.millisecondsSinceEpoch
    case (.removeAll(let all), _):
      role = all.role.rawValue
      group = Data(all.digest.bytes)
    case (.removeExpired(let cutoff, let limit), _):
      sweep = cutoff.millisecondsSinceEpoch
      self.limit = limit
    default: return nil
    }
  }

  init?(line: some Collection<UInt8>) {
    guard let entry = try? JSONDecoder().decode(JournalEntry.self, from: Data(line)) else { return nil }
    self = entry
  }

  var line: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }

  func replay(on model: inout ReferenceModel) {
    let now = Timestamp(millisecondsSinceEpoch: at)
    if let put { _ = try? model.perform(.storeContents(put.compactMap(\.record)), at: now) }
    if let take { _ = try? model.perform(.removeContents(take.compactMap(\.lookup)), at: now) }
    if let lookup = extended?.lookup, let to {
      _ = try? model.perform(.extend(lookup, to: Timestamp(millisecondsSinceEpoch: to)), at: now)
    }
    if let role = role.flatMap(Group.Role.init(rawValue:)), let digest = group.flatMap(RecordDigest.init(bytes:)) {
      _ = try? model.perform(.removeAll(Group(role: role, digest: digest)), at: now)
    }
    if let sweep, let limit {
      let cutoff = Timestamp(millisecondsSinceEpoch: sweep)
      _ = try? model.perform(.removeExpired(through: cutoff, limit: limit), at: max(now, cutoff))
    }
  }
}

struct JournalLookup: Codable {
  var kind: String
  var field: String
  var digest: Data

  init(_ lookup: Lookup) {
    kind = lookup.kind.rawValue
    field = lookup.field.rawValue
    digest = Data(lookup.digest.bytes)
  }

  var lookup: Lookup? {
    guard let kind = RecordKind(rawValue: kind), let field = Lookup.Field(rawValue: field),
      let digest = RecordDigest(bytes: digest)
    else { return nil }
    return Lookup(kind: kind, field: field, digest: digest)
  }
}

struct JournalRecord: Codable {
  var id: JournalLookup
  var revision: UInt64
  var created: Int64
  var expires: Int64?
  /// Access token, refresh token, subject, provider session and grant, where there is one.
  var digests: [Data?]
  var payload: Data

  init(_ record: Record) {
    id = JournalLookup(record.id)
    revision = record.revision
    created = record.createdAt.millisecondsSinceEpoch
    expires = record.expiresAt?.millisecondsSinceEpoch
    let (aliases, groups) = (record.aliases, record.groups)
    digests = [aliases.accessToken, aliases.refreshToken, groups.subject, groups.providerSession, groups.grant]
      .map { digest in digest.map { Data($0.bytes) } }
    payload = Data(record.payload.bytes)
  }

  var record: Record? {
    guard let id = id.lookup, digests.count == 5 else { return nil }
    let digests = digests.map { $0.flatMap(RecordDigest.init(bytes:)) }
    return Record(
      kind: id.kind, digest: id.digest, revision: revision, createdAt: Timestamp(millisecondsSinceEpoch: created),
      expiresAt: expires.map(Timestamp.init(millisecondsSinceEpoch:)),
      aliases: Aliases(accessToken: digests[0], refreshToken: digests[1]),
      groups: Groups(subject: digests[2], providerSession: digests[3], grant: digests[4]), payload: Payload(payload))
  }
}
