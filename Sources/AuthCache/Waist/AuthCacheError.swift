/// The one error that leaves a backend, a layer or the vocabulary.
///
/// `code` says what went wrong and `effect` whether the operation may nevertheless have been applied. The text names
/// the operation and the kind, and never a token, a digest, a payload or a password.
///
/// ```swift
/// do {
///   try await backend.store(record)
/// } catch where error.code == .unavailable && error.effect == .none {
///   // Certainly not applied: safe to try again.
/// }
/// ```
public struct AuthCacheError: Error, Sendable {
  private let storage: Storage

  /// An error of a backend or a layer. Neither text may hold a token, a digest, a payload or a password.
  public init(
    _ code: Code, effect: Effect = .none, operation: Operation, kind: RecordKind? = nil, _ reason: String,
    unwritten: [RecordKind: Int] = [:], detail: String? = nil
  ) {
    storage = Storage(
      code: code, effect: effect, operation: operation, kind: kind, reason: reason, unwritten: unwritten,
      detail: detail)
  }

  /// What went wrong: what a caller branches on.
  public var code: Code { storage.code }
  /// Whether the operation may have been applied.
  public var effect: Effect { storage.effect }
  /// What was called.
  public var operation: Operation { storage.operation }
  /// The kind of record that was concerned, where there is one.
  public var kind: RecordKind? { storage.kind }
  /// A sentence that fits a log line and holds no secret.
  public var reason: String { storage.reason }
  /// With `.drainIncomplete`: how many accepted writes of each kind are not persisted.
  public var unwritten: [RecordKind: Int] { storage.unwritten }

  /// Whether the operation may have been applied.
  public enum Effect: String, Sendable, Hashable {
    /// Certainly not applied; it may be tried again.
    case none
    /// May have been applied. Nobody below the caller tries it again.
    case unknown
  }

  /// What went wrong. The set is open: compare with `==` and expect codes that you do not know.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Known: String {
      case unavailable, timeout, cancelled, closed, conflict, corrupt, invalidArgument, tooLarge, unsupported
      case drainIncomplete
    }
    private let known: Known
    private init(_ known: Known) { self.known = known }
    public var description: String { known.rawValue }

    /// The store can't be reached or can't answer.
    public static let unavailable = Code(.unavailable)
    /// A deadline passed first.
    public static let timeout = Code(.timeout)
    /// The calling task was cancelled.
    public static let cancelled = Code(.cancelled)
    /// The backend has been closed.
    public static let closed = Code(.closed)
    /// Another live record holds an alias, or a race was lost for good.
    public static let conflict = Code(.conflict)
    /// What is stored can't be decoded or unsealed.
    public static let corrupt = Code(.corrupt)
    /// The arguments can't be meant.
    public static let invalidArgument = Code(.invalidArgument)
    /// The payload is larger than `maxPayload`.
    public static let tooLarge = Code(.tooLarge)
    /// The backend does not do this; its properties say so.
    public static let unsupported = Code(.unsupported)
    /// A close reached its deadline before everything was written.
    public static let drainIncomplete = Code(.drainIncomplete)
  }

  /// Which operation failed: one of the waist's, a capability's or the vocabulary's.
  public struct Operation: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }
    public var description: String { rawValue }

    /// Opening a backend.
    public static let open: Operation = "open"
    /// ``AuthCacheBackend/store(_:)``.
    public static let store: Operation = "store"
    /// ``AuthCacheBackend/insert(_:)``.
    public static let insert: Operation = "insert"
    /// ``AuthCacheBackend/load(_:)``.
    public static let load: Operation = "load"
    /// ``AuthCacheBackend/consume(_:)``.
    public static let consume: Operation = "consume"
    /// ``AuthCacheBackend/replace(_:with:)``.
    public static let replace: Operation = "replace"
    /// ``AuthCacheBackend/extend(_:to:)``.
    public static let extend: Operation = "extend"
    /// ``AuthCacheBackend/remove(_:)``.
    public static let remove: Operation = "remove"
    /// ``AuthCacheBackend/removeExpired(through:limit:)``.
    public static let removeExpired: Operation = "removeExpired"
    /// ``AuthCacheBackend/close()``.
    public static let close: Operation = "close"
    /// ``BulkBackend/store(contentsOf:)``.
    public static let storeContents: Operation = "store(contentsOf:)"
    /// ``BulkBackend/remove(contentsOf:)``.
    public static let removeContents: Operation = "remove(contentsOf:)"
    /// ``BulkBackend/load(contentsOf:)``.
    public static let loadContents: Operation = "load(contentsOf:)"
    /// ``GroupBackend/removeAll(in:)``.
    public static let removeAll: Operation = "removeAll(in:)"
    /// ``ListingBackend/records(of:after:limit:)``.
    public static let records: Operation = "records(of:)"
    /// ``InvalidationBackend/invalidations()``.
    public static let invalidations: Operation = "invalidations"
    /// Bringing a schema up to date.
    public static let migrate: Operation = "migrate"
  }

  /// The same failure, told by another operation that it fails.
  func retold(
    by operation: Operation, of kind: RecordKind?, effect: Effect? = nil, _ reason: String? = nil
  ) -> AuthCacheError {
    AuthCacheError(
      code, effect: effect ?? self.effect, operation: operation, kind: kind, reason ?? self.reason,
      unwritten: unwritten, detail: storage.detail)
  }

  // Boxed, so that a typed throw moves one word.
  private final class Storage: Sendable {
    let code: Code
    let effect: Effect
    let operation: Operation
    let kind: RecordKind?
    let reason: String
    let unwritten: [RecordKind: Int]
    let detail: String?

    init(
      code: Code, effect: Effect, operation: Operation, kind: RecordKind?, reason: String,
      unwritten: [RecordKind: Int], detail: String?
    ) {
      self.code = code
      self.effect = effect
      self.operation = operation
      self.kind = kind
      self.reason = reason
      self.unwritten = unwritten
      self.detail = detail
    }
  }
}

extension AuthCacheError: CustomStringConvertible, CustomDebugStringConvertible {
  /// One line: operation, kind, code, effect where it is unknown, and the reason.
  public var description: String {
    let subject = kind.map { " of a \($0)" } ?? ""
    let doubt = effect == .unknown ? ", may have been applied" : ""
    let left =
      unwritten.isEmpty
      ? ""
      : " ("
        + unwritten.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        .joined(separator: ", ") + " not written)"
    return "\(operation)\(subject): \(code)\(doubt): \(reason)\(left)"
  }

  /// The description and what the store itself said, which holds no secret either.
  public var debugDescription: String { storage.detail.map { "\(description) [\($0)]" } ?? description }
}

extension AuthCacheError: Hashable {
  public static func == (a: AuthCacheError, b: AuthCacheError) -> Bool {
    a.code == b.code && a.effect == b.effect && a.operation == b.operation && a.kind == b.kind
      && a.reason == b.reason && a.unwritten == b.unwritten
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(operation)
  }
}
