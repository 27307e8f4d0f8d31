extension BufferedBackend {
  /// How a ``BufferedBackend`` gathers and acknowledges. Works untouched.
  public typealias Configuration = BufferConfiguration
}

/// How a ``BufferedBackend`` gathers and acknowledges. Works untouched.
///
/// Untouched, nothing waits for company: a write starts a flush at once, and those that come while it is under way
/// form the next one; a store that gathers by itself (``GatheringBackend``) gets them as they come. A positive
/// ``maxDelay`` trades that wait for larger flushes.
public struct BufferConfiguration: Sendable {
  /// What a read sees of the writes that wait.
  public enum Reads: String, Sendable, Hashable {
    /// A read of a record with a waiting write flushes that record first.
    case coherent
    /// A read asks the delegate at once. With ``BufferConfiguration/queued`` kinds a caller may miss its own writes.
    case bypass
  }

  /// How many records make a flush begin, and how many one bulk call carries at most.
  public var maxBatch: Int
  /// How long after the first waiting write a flush begins at the latest.
  public var maxDelay: Duration
  /// How many writes may be waiting or under way; further writers wait until there is room.
  public var capacity: Int
  /// What a read sees of the writes that wait. Default: `coherent`.
  public var reads: Reads
  /// Kinds whose `store` returns at once, before it is persisted. Never states, verifiers, codes or spent refresh
  /// tokens.
  ///
  /// A crash loses what was stored in the last ``maxDelay`` and the time that a flush takes; for as long another
  /// process that removes such a record may find it come back.
  public var queued: Set<RecordKind>
  /// How long ``AuthCacheBackend/close()`` goes on writing.
  public var drainDeadline: Duration
  /// How long ``AuthCacheBackend/close()`` waits, after that, for the delegate's own close before it goes on without it.
  /// Longer than that takes, so that what the delegate has to say is heard.
  public var closeDeadline: Duration
  /// How long after a failure queued writes are tried again; doubles while the failure lasts, up to 32 times.
  public var retryDelay: Duration
  /// How long a call of the delegate may hold up the writes behind it; after that the next flush begins beside it.
  ///
  /// Up to eight flushes are under way at once. So seven calls may hang without holding up others for longer than this; an
  /// eighth makes everybody wait until one has ended. What stands in one bulk call ends with it.
  public var patience: Duration

  /// Everything has a default; see the properties.
  public init(
    maxBatch: Int = 256, maxDelay: Duration = .zero, capacity: Int = 10_000, reads: Reads = .coherent,
    queued: Set<RecordKind> = [], drainDeadline: Duration = .seconds(10),
    closeDeadline: Duration = .seconds(30), retryDelay: Duration = .milliseconds(250),
    patience: Duration = .milliseconds(100)
  ) {
    self.maxBatch = maxBatch
    self.maxDelay = maxDelay
    self.capacity = capacity
    self.reads = reads
    self.queued = queued
    self.drainDeadline = drainDeadline
    self.closeDeadline = closeDeadline
    self.retryDelay = retryDelay
    self.patience = patience
  }

  /// Kinds of which each record is used once. None of them may be queued: an acknowledged one must not get lost.
  static let oneTime: Set<RecordKind> = [.state, .verifier, .code, .spentRefresh]

  /// How many flushes may be under way at once, all but one of them beside calls that take too long.
  static let maxFlights = 8

  func validate() throws(AuthCacheError) {
    func refuse(_ reason: String, _ kind: RecordKind? = nil) -> AuthCacheError {
      AuthCacheError(.invalidArgument, operation: .open, kind: kind, reason)
    }
    guard maxBatch > 0, capacity > 0 else { throw refuse("maxBatch and capacity must be positive") }
    guard maxDelay >= .zero, retryDelay > .zero, patience > .zero, drainDeadline >= .zero, closeDeadline >= .zero else {
      throw refuse("a delay is negative, or none where there must be one")
    }
    if let kind = queued.sorted().first(where: Self.oneTime.contains) {
      throw refuse("records of this kind are used once and are never acknowledged before they are persisted", kind)
    }
  }
}

extension BackendProperties {
  /// What is left of these properties behind a buffer.
  func buffered(by configuration: BufferConfiguration) -> BackendProperties {
    // Without queued kinds nothing is acknowledged before it is persisted, so that nothing is taken away.
    guard !configuration.queued.isEmpty else { return self }
    var mapped = self
    mapped.durability = .none
    mapped.consistency =
      switch (consistency, configuration.reads) {
      case (.stale(let bound), _): .stale(bound + configuration.maxDelay)
      case (_, .bypass): .stale(configuration.maxDelay)
      case (_, .coherent): .readYourWrites
      }
    return mapped
  }
}
