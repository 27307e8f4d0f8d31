internal import Synchronization

/// What a payload opened to, remembered beside its bytes for as long as the ring that opened it does not change.
final class OpenedPayload: Sendable {
  // One of the two; apart, so that a session is handed out without copying an enum.
  let session: SessionContent?
  let client: Client?
  let epoch: SealingEpoch
  // What the payload was sealed to, as in ``SealingContext``.
  private let kind: RecordKind
  private let digest: RecordDigest
  private let revision: UInt64
  private let createdAt: Timestamp
  // As in ``Record``: nothing writes to it.
  private nonisolated(unsafe) let relations: Record.Relations?
  /// What the same payload opened to later, under a ring that had changed.
  private let later = Mutex<OpenedPayload?>(nil)

  private init(session: SessionContent? = nil, client: Client? = nil, record: Record, epoch: SealingEpoch) {
    self.session = session
    self.client = client
    self.epoch = epoch
    kind = record.kind
    digest = record.digest
    revision = record.revision
    createdAt = record.createdAt
    relations = record.relations
  }

  static func remember(_ session: SessionContent, for record: Record, at epoch: SealingEpoch) {
    record.payload.remember(OpenedPayload(session: session, record: record, epoch: epoch))
  }

  static func remember(_ client: Client, for record: Record, at epoch: SealingEpoch) {
    record.payload.remember(OpenedPayload(client: client, record: record, epoch: epoch))
  }

  func reopened(at epoch: SealingEpoch) -> OpenedPayload? {
    later.withLock { $0?.epoch == epoch ? $0 : nil }
  }

  func remember(reopened: OpenedPayload) { later.withLock { $0 = reopened } }

  /// True if this was opened for `record`, and not for another one that carries the same bytes.
  @inline(__always)
  func isOf(_ record: Record) -> Bool {
    revision == record.revision && digest == record.digest && createdAt == record.createdAt && kind == record.kind
      && relations == record.relations
  }
}
