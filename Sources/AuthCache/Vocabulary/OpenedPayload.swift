/// What a payload opened to, remembered beside its bytes for as long as the ring that opened it does not change.
final class OpenedPayload: Sendable {
  // One of the two; apart, so that a session is handed out without copying an enum.
  let session: SessionContent?
  let client: Client?
  private let epoch: SealingEpoch
  private let context: SealingContext

  private init(session: SessionContent?, client: Client?, context: SealingContext, epoch: SealingEpoch) {
    self.session = session
    self.client = client
    self.context = context
    self.epoch = epoch
  }

  static func remember(_ session: SessionContent, for record: Record, at epoch: SealingEpoch) {
    record.payload.opened = OpenedPayload(
      session: session, client: nil, context: SealingContext(of: record), epoch: epoch)
  }

  static func remember(_ client: Client, for record: Record, at epoch: SealingEpoch) {
    record.payload.opened = OpenedPayload(
      session: nil, client: client, context: SealingContext(of: record), epoch: epoch)
  }

  /// True if this was opened for `record` by the ring as it is now.
  @inline(__always)
  func isOf(_ record: Record, at epoch: SealingEpoch) -> Bool {
    self.epoch == epoch && context.revision == record.revision && context.digest == record.digest
      && context.createdAt == record.createdAt && context.kind == record.kind && context.aliases == record.aliases
      && context.groups == record.groups
  }
}
