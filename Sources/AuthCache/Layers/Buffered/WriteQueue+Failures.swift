extension WriteQueue {
  /// An acknowledged write that could not be carried out.
  struct Failed: Sendable {
    let record: Record
    let error: AuthCacheError

    /// Whether it is certain that it was not applied, and possible that it will be.
    var isRetriable: Bool { error.effect == .none && error.code.mayPass }
  }

  /// Failures of acknowledged writes that no caller has heard of.
  struct Notice: Sendable {
    let first: AuthCacheError
    var counts: [RecordKind: Int]

    init(adding kind: RecordKind, _ error: AuthCacheError, to notice: Notice?) {
      first = notice?.first ?? error
      counts = notice?.counts ?? [:]
      counts[kind, default: 0] += 1
    }

    /// What the next caller is told instead of being served.
    func error(for operation: AuthCacheError.Operation, _ kind: RecordKind?) -> AuthCacheError {
      let total = counts.values.reduce(0, +)
      return AuthCacheError(
        first.code, operation: operation, kind: kind,
        "not begun, to tell that \(total) writes acknowledged earlier failed: \(first.reason)", unwritten: counts)
    }
  }

  /// Keeps or forgets the failed write of a record.
  ///
  /// - Returns: what was kept before.
  @discardableResult
  mutating func setFailed(_ failure: Failed?, for id: Lookup) -> Failed? {
    if failure == nil, failed.isEmpty { return nil }
    let previous = failed[id]
    if previous?.isRetriable == true { retriable -= 1 }
    if failure?.isRetriable == true { retriable += 1 }
    failed[id] = failure
    return previous
  }

  /// Lets failed writes wait again that may succeed now.
  mutating func revive(at now: Timestamp, where isMeant: (Record) -> Bool = { _ in true }) {
    guard retriable > 0 else { return }
    let meant = failed.values.filter { $0.isRetriable && isMeant($0.record) }
    // In a fixed order: a dictionary's is another in each run.
    for failure in meant.sorted(by: { $0.record.digest < $1.record.digest }) {
      setFailed(nil, for: failure.record.id)
      readmit(failure.record, at: now)
    }
  }

  /// Whether failed writes wait for another attempt.
  var hasRetriable: Bool { retriable > 0 }

  /// Everything acknowledged that is not known to be persisted, in no particular order.
  var unwritten: [UnwrittenRecord] {
    let waiting = entries.compactMap { entry -> UnwrittenRecord? in
      guard let entry else { return nil }
      if case .store(let record) = entry.write, entry.isAcknowledged {
        return UnwrittenRecord(record: record, error: nil)
      }
      return nil
    }
    return waiting + failed.values.map { UnwrittenRecord(record: $0.record, error: $0.error) }
  }

  /// How many accepted writes of each kind are left when nothing is attempted any more.
  var left: [RecordKind: Int] {
    failed.values.reduce(into: abandoned) { $0[$1.record.kind, default: 0] += 1 }
  }
}

extension AuthCacheError.Code {
  /// Whether the same write may succeed later.
  var mayPass: Bool { self == .unavailable || self == .timeout || self == .cancelled }
}
