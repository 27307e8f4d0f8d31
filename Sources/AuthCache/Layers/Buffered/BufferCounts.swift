/// What a ``BufferedBackend`` has done so far. Exact, and without a key.
public struct BufferCounts: Hashable, Sendable {
  /// Writes that took a place in the buffer.
  public var accepted = 0
  /// Writes that took none, because they were coalesced with one that waited for the same record.
  public var coalesced = 0
  /// Writes that the delegate carried out.
  public var written = 0
  /// Writes that failed, each time they did.
  public var failed = 0
  /// Writes that were tried a second time.
  public var retried = 0
  /// Flushes, each of one or more records.
  public var flushes = 0

  /// Counts of nothing yet.
  public init() {}
}
