import AuthCache
import AuthCacheConformance

/// Histories written by hand: each operation with its interval.
struct HistorySample {
  private(set) var history = History()
  private let anonymous: [UInt64: HistoryRecord]
  let key: HistoryLookup

  /// Records r1 to r9 under one id.
  init() async throws {
    let clock = VirtualClock(startingAt: Timestamp(millisecondsSinceEpoch: 0))
    let recorder = HistoryRecorder(clock: clock)
    let backend = recorder.recording(ReferenceBackend(clock: clock), as: "")
    var records: [UInt64: HistoryRecord] = [:]
    var key: HistoryLookup?
    for revision in 1...9 as ClosedRange<UInt64> {
      try await backend.store(Sample.code(revision: revision, at: clock.now))
      guard case .store(let record)? = recorder.history.operations.last?.call else { continue }
      records[revision] = record
      key = record.id
    }
    anonymous = records
    guard let key else { throw AuthCacheError(.invalidArgument, operation: .store, "no record") }
    self.key = key
  }

  func record(_ revision: UInt64) -> HistoryRecord { anonymous[revision] ?? anonymous.values.first.unsafelyUnwrapped }

  /// - Parameters:
  ///   - interval: from the call to the return.
  ///   - time: the backend's clock meanwhile, in milliseconds.
  mutating func add(
    _ client: String, _ call: HistoryOperation.Call, _ answer: HistoryOperation.Answer, _ interval: ClosedRange<UInt64>,
    time: ClosedRange<Int64> = 0...0
  ) {
    history.operations.append(
      HistoryOperation(
        client: client, call: call, answer: answer, invoked: interval.lowerBound, returned: interval.upperBound,
        earliest: time.lowerBound, latest: time.upperBound))
  }

  mutating func addUnanswered(_ client: String, _ call: HistoryOperation.Call, from invoked: UInt64) {
    history.operations.append(
      HistoryOperation(
        client: client, call: call, answer: .unknown, invoked: invoked, returned: nil, earliest: 0, latest: .max))
  }
}
