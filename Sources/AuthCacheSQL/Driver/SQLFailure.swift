package import AuthCache

/// What a driver reports: everything an `AuthCacheError` says, except which operation it was.
///
/// Neither text holds a value that was bound or read.
package struct SQLFailure: Error, Sendable {
  package var code: AuthCacheError.Code
  package var effect: AuthCacheError.Effect
  package var condition: Condition
  /// One sentence that says what to do.
  package var reason: String
  /// What the database calls it.
  package var detail: String?

  package init(
    _ code: AuthCacheError.Code, effect: AuthCacheError.Effect = .none, condition: Condition = .broken,
    _ reason: String, detail: String? = nil
  ) {
    self.code = code
    self.effect = effect
    self.condition = condition
    self.reason = reason
    self.detail = detail
  }

  /// What the engine must do about it.
  package enum Condition: Sendable {
    /// A unique index refused the statement.
    case duplicate
    /// Only the statement failed.
    case confined
    /// A lock was not to be had.
    case busy
    /// The transaction lost against another one and can be repeated.
    case contention
    /// The transaction can't go on; the connection can.
    case broken
    /// The connection can't go on.
    case disconnected
  }

  /// Whether a transaction that survives failures goes on.
  package var isConfined: Bool { condition == .duplicate || condition == .confined }

  package func error(_ operation: AuthCacheError.Operation, _ kind: RecordKind?) -> AuthCacheError {
    AuthCacheError(code, effect: effect, operation: operation, kind: kind, reason, detail: detail)
  }

  package static let aliasConflict = SQLFailure(
    .conflict, condition: .confined, "another live record holds one of the aliases")

  package static let misplacedAnswer = SQLFailure(
    .unavailable, effect: .unknown, condition: .disconnected, "the database answered something that was not asked")
}
