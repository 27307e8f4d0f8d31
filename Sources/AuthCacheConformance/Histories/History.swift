/// What many clients did to one store, with the times at which each operation began and ended.
///
/// Record one with a ``HistoryRecorder`` in every process, join them, and ask for ``check(budget:)``.
public struct History: Sendable, Codable, Hashable {
  /// The operations, in no particular order.
  public var operations: [HistoryOperation]

  /// A history of these operations.
  public init(_ operations: [HistoryOperation] = []) { self.operations = operations }

  /// The histories of several processes of one machine as one.
  public init(joining histories: some Sequence<History>) {
    operations = histories.flatMap(\.operations).sorted { $0.invoked < $1.invoked }
  }

  /// What was asked and what came back, as a process reports it while it runs. A process that is killed leaves its
  /// last operations without an answer, and so of unknown effect.
  public init(events: some Sequence<HistoryEvent>) {
    var operations: [HistoryEvent.ID: HistoryOperation] = [:]
    var order: [HistoryEvent.ID] = []
    for event in events {
      switch event {
      case .invoked(let id, let operation):
        operations[id] = operation
        order.append(id)
      case .returned(let id, let answer, let returned, let latest):
        operations[id]?.answer = answer
        operations[id]?.returned = returned
        operations[id]?.latest = latest
      }
    }
    self.init(order.compactMap { operations[$0] }.sorted { $0.invoked < $1.invoked })
  }

  /// How many operations overlapped another one: what tells a race from a queue.
  public var overlapping: Int {
    let ordered = operations.sorted { $0.invoked < $1.invoked }
    var latestReturn: UInt64 = 0
    var count = 0
    for (index, operation) in ordered.enumerated() {
      let returned = operation.returned ?? .max
      let next = index + 1 < ordered.count ? ordered[index + 1].invoked : .max
      if index > 0 && operation.invoked <= latestReturn || next <= returned { count += 1 }
      latestReturn = max(latestReturn, returned)
    }
    return count
  }
}

/// The beginning or the end of one operation.
public enum HistoryEvent: Sendable, Codable, Hashable {
  /// Unique among the processes that are recorded together.
  public struct ID: Sendable, Codable, Hashable {
    /// The process that recorded it.
    public let process: Int
    /// Its number in that process.
    public let number: Int
  }

  /// An operation began; its answer is not known yet.
  case invoked(ID, HistoryOperation)
  /// It ended, with the monotonic time in nanoseconds and the backend's clock in milliseconds.
  case returned(ID, HistoryOperation.Answer, at: UInt64, latest: Int64)
}
