/// What a payload opened to, remembered beside its bytes for as long as the ring that opened it does not change.
final class OpenedPayload: Sendable {
  enum Value: Sendable {
    case session(SessionContent)
    case client(Client)
  }

  let value: Value
  private let epoch: SealingEpoch
  private let context: SealingContext

  private init(_ value: Value, context: SealingContext, epoch: SealingEpoch) {
    self.value = value
    self.context = context
    self.epoch = epoch
  }

  @inline(__always)
  static func of(_ payload: Payload) -> OpenedPayload? { payload.opened as? OpenedPayload }

  static func remember(_ value: Value, for record: Record, at epoch: SealingEpoch) {
    record.payload.opened = OpenedPayload(value, context: SealingContext(of: record), epoch: epoch)
  }

  /// True if this was opened for `record` by the ring as it is now.
  @inline(__always)
  func isOf(_ record: Record, at epoch: SealingEpoch) -> Bool {
    self.epoch == epoch && context.revision == record.revision && context.digest == record.digest
      && context.createdAt == record.createdAt && context.kind == record.kind && context.aliases == record.aliases
      && context.groups == record.groups
  }
}

/// A value of the vocabulary that is remembered once it was opened.
protocol OpenedValue {
  associatedtype Stored: Decodable

  /// Throws `corrupt` if what is stored can't be meant.
  init(_ stored: Stored, of record: Record) throws(AuthCacheError)
  /// Nil for a value of another type.
  static func from(_ remembered: OpenedPayload.Value) -> Self?
  var remembered: OpenedPayload.Value { get }
}
