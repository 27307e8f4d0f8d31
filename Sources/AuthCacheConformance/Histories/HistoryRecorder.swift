public import AuthCache
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Collects the operations of one process into a ``History``.
///
/// ```swift
/// let recorder = HistoryRecorder(clock: clock)
/// try await withThrowingDiscardingTaskGroup { group in
///   for task in 1...16 {
///     let backend = recorder.recording(handle, as: "task \(task)")
///     group.addTask { _ = try await backend.consume(code.id) }
///   }
/// }
/// try recorder.history.check().requireLinearizable()
/// ```
public final class HistoryRecorder: Sendable {
  private struct State {
    var operations: [HistoryOperation] = []
  }

  /// The number of this process among those that are recorded together.
  public let process: Int
  private let clock: any AuthCacheClock
  private let slack: Int64
  private let anonymiser: Anonymiser
  private let report: (@Sendable (HistoryEvent) -> Void)?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - process: a number that no other recorded process has.
  ///   - clock: the backend's clock.
  ///   - slack: by how much the backend's own reading of the time may differ from the clock's.
  ///   - salt: the same in all processes, so that they name one record alike.
  ///   - report: is told of every beginning and end at once, for a process that may be killed.
  public init(
    process: Int = 0, clock: any AuthCacheClock, slack: Duration = .zero, salt: UInt64 = 0,
    report: (@Sendable (HistoryEvent) -> Void)? = nil
  ) {
    self.process = process
    self.clock = clock
    self.slack = slack.wholeMilliseconds
    anonymiser = Anonymiser(salt: salt)
    self.report = report
  }

  /// Everything so far. What has not come back yet is of unknown effect.
  public var history: History { History(state.withLock { $0.operations }.sorted { $0.invoked < $1.invoked }) }

  /// `backend` with every call recorded under the name `client`.
  public func recording<Backend: AuthCacheBackend>(
    _ backend: Backend, as client: String
  ) -> InterceptedBackend<Backend> {
    InterceptedBackend(backend, by: interceptor(for: client))
  }

  /// An interceptor that records under the name `client`.
  public func interceptor(for client: String) -> any BackendInterceptor {
    RecordingInterceptor(recorder: self, client: client)
  }

  fileprivate func began(_ call: BackendCall, by client: String) -> Range<Int> {
    let calls = calls(call)
    let earliest = clock.now.millisecondsSinceEpoch - slack
    let added = state.withLock { state in
      let first = state.operations.count
      let invoked = Self.monotonicNow
      for call in calls {
        state.operations.append(
          HistoryOperation(
            client: client, call: call, answer: .unknown, invoked: invoked, returned: nil, earliest: earliest,
            latest: .max))
      }
      return first..<state.operations.count
    }
    if let report {
      let operations = state.withLock { Array($0.operations[added]) }
      for (number, operation) in zip(added, operations) {
        report(.invoked(HistoryEvent.ID(process: process, number: number), operation))
      }
    }
    return added
  }

  fileprivate func ended(_ numbers: Range<Int>, _ result: Result<BackendAnswer, AuthCacheError>) {
    let returned = Self.monotonicNow
    let latest = clock.now.millisecondsSinceEpoch + slack
    let answers = answers(result, count: numbers.count)
    state.withLock { state in
      for (number, answer) in zip(numbers, answers) {
        state.operations[number].answer = answer
        state.operations[number].returned = returned
        state.operations[number].latest = latest
      }
    }
    guard let report else { return }
    for (number, answer) in zip(numbers, answers) {
      let id = HistoryEvent.ID(process: process, number: number)
      report(.returned(id, answer, at: returned, latest: latest))
    }
  }

  /// Sweeps, pages and closing say nothing that could be judged for one record.
  private func calls(_ call: BackendCall) -> [HistoryOperation.Call] {
    switch call {
    case .store(let record): [.store(anonymiser.record(record))]
    case .insert(let record): [.insert(anonymiser.record(record))]
    case .load(let lookup): [.load(anonymiser.lookup(lookup))]
    case .consume(let lookup): [.consume(anonymiser.lookup(lookup))]
    case .replace(let current, let next):
      [.replace(anonymiser.lookup(current.id), revision: current.revision, next: anonymiser.record(next))]
    case .extend(let lookup, let end): [.extend(anonymiser.lookup(lookup), to: end.millisecondsSinceEpoch)]
    case .remove(let lookup): [.remove(anonymiser.lookup(lookup))]
    case .storeContents(let records):
      // Of several under one id only the last is ever seen.
      records.indices.filter { index in !records[(index + 1)...].contains { $0.id == records[index].id } }
        .map { .store(anonymiser.record(records[$0])) }
    case .removeContents(let lookups): lookups.map { .remove(anonymiser.lookup($0)) }
    case .loadContents(let lookups): lookups.map { .load(anonymiser.lookup($0)) }
    case .removeAll(let group): [.removeAll(anonymiser.group(group))]
    case .removeExpired, .close, .records: []
    }
  }

  private func answers(_ result: Result<BackendAnswer, AuthCacheError>, count: Int) -> [HistoryOperation.Answer] {
    let same: HistoryOperation.Answer
    switch result {
    case .success(.done), .success(.expired), .success(.count), .success(.page): same = .done
    case .success(.flag(let flag)): same = .flag(flag)
    case .success(.record(let record)): same = .record(record.map(anonymiser.record))
    case .success(.flags(let flags)) where flags.count == count: return flags.map { .flag($0) }
    case .success(.found(let records)) where records.count == count:
      return records.map { .record($0.map(anonymiser.record)) }
    case .success(.flags), .success(.found): same = .unknown
    case .failure(let error) where error.effect == .unknown: same = .unknown
    case .failure(let error) where error.code == .conflict: same = .conflict
    case .failure: same = .notApplied
    }
    return Array(repeating: same, count: count)
  }

  /// `CLOCK_MONOTONIC` in nanoseconds.
  static var monotonicNow: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

private struct RecordingInterceptor: BackendInterceptor {
  let recorder: HistoryRecorder
  let client: String

  func intercept(
    _ call: BackendCall, proceed: BackendProceed
  ) async throws(AuthCacheError) -> BackendAnswer {
    let numbers = recorder.began(call, by: client)
    do {
      let answer = try await proceed(call)
      recorder.ended(numbers, .success(answer))
      return answer
    } catch {
      recorder.ended(numbers, .failure(error))
      throw error
    }
  }
}
