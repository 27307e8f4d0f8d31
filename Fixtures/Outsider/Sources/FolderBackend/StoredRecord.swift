import AuthCache
import Foundation

/// A record as it lies in its file.
struct StoredRecord: Codable {
  let kind: String
  let digest: Data
  let revision: UInt64
  let createdAt: Int64
  let expiresAt: Int64?
  let groups: [String: Data]
  let payload: Data

  init(_ record: Record) {
    kind = record.kind.rawValue
    digest = Data(record.digest.bytes)
    revision = record.revision
    createdAt = record.createdAt.millisecondsSinceEpoch
    expiresAt = record.expiresAt?.millisecondsSinceEpoch
    groups = Dictionary(uniqueKeysWithValues: record.groups.all.map { ($0.role.rawValue, Data($0.digest.bytes)) })
    payload = Data(record.payload.bytes)
  }

  /// Nil if this is no record.
  var record: Record? {
    guard let kind = RecordKind(rawValue: kind), let digest = RecordDigest(bytes: digest) else { return nil }
    func group(_ role: Group.Role) -> RecordDigest? { groups[role.rawValue].flatMap { RecordDigest(bytes: $0) } }
    return Record(
      kind: kind, digest: digest, revision: revision, createdAt: Timestamp(millisecondsSinceEpoch: createdAt),
      expiresAt: expiresAt.map { Timestamp(millisecondsSinceEpoch: $0) },
      groups: Groups(
        subject: group(.subject), providerSession: group(.providerSession), grant: group(.grant)),
      payload: Payload(payload))
  }
}
