/// A few operations whose answers no order explains.
public struct HistoryWitness: Sendable {
  /// In order of invocation.
  public let operations: [HistoryOperation]
  /// How many further operations there were on the same record, whose outcome can't help.
  public let others: Int
  /// Whether the store is empty at the beginning; else it may hold any record that was written before.
  public let startsEmpty: Bool
}

extension HistoryWitness: CustomStringConvertible {
  /// A line for each operation, with a bar from its call to its return.
  public var description: String {
    let labels = HistoryLabels(operations)
    let rows = operations.map { operation in
      (client: operation.client, call: labels.call(operation), bar: bar(operation), answer: labels.answer(operation))
    }
    let clients = rows.map(\.client.count).max() ?? 0
    let calls = rows.map(\.call.count).max() ?? 0
    let start =
      startsEmpty
      ? "the store was empty" : "anything that was written earlier may be in place"
    let lines = rows.map { row in
      "  \(row.client.padded(to: clients))  \(row.call.padded(to: calls))  \(row.bar)  \(row.answer)"
    }
    let rest = others == 0 ? [] : ["  (whatever became of \(others) other operations, it does not help)"]
    return (["No order of these operations explains their answers (at first \(start)):"] + lines + rest)
      .joined(separator: "\n")
  }

  private func bar(_ operation: HistoryOperation) -> String {
    let instants = Set(operations.flatMap { [$0.invoked] + ($0.returned.map { [$0] } ?? []) }).sorted()
    let from = instants.firstIndex(of: operation.invoked) ?? 0
    let to = operation.returned.flatMap { instants.firstIndex(of: $0) }
    // Instants stand two columns apart, in order and not to scale.
    let width = max(1, instants.count * 2 - 1)
    var cells = Array(repeating: " ", count: width)
    let last = to.map { $0 * 2 } ?? width - 1
    for cell in from * 2...max(from * 2, last) { cells[cell] = "─" }
    cells[from * 2] = "├"
    cells[last] = to == nil ? "…" : from * 2 == last ? "│" : "┤"
    return cells.joined()
  }
}

/// Names records and revisions by the order in which the witness mentions them.
private struct HistoryLabels {
  private var lookups: [HistoryLookup: String] = [:]
  private var revisions: [UInt64: String] = [:]

  init(_ operations: [HistoryOperation]) {
    var counts: [String: Int] = [:]
    for operation in operations {
      if let lookup = operation.call.lookup, lookups[lookup] == nil {
        let family = lookup.isByID ? lookup.kind : lookup.field
        counts[family, default: 0] += 1
        lookups[lookup] = "\(family) \(counts[family] ?? 0)"
      }
      if case .replace(_, let revision, _) = operation.call { note(revision) }
      if let written = operation.call.written { note(written.revision) }
      if case .record(let record?) = operation.answer { note(record.revision) }
    }
  }

  private mutating func note(_ revision: UInt64) {
    if revisions[revision] == nil { revisions[revision] = "r\(revisions.count + 1)" }
  }

  func call(_ operation: HistoryOperation) -> String {
    let name = operation.call.lookup.flatMap { lookups[$0] } ?? ""
    return switch operation.call {
    case .store(let record): "store \(name) \(revision(record.revision))"
    case .insert(let record): "insert \(name) \(revision(record.revision))"
    case .load: "load \(name)"
    case .consume: "consume \(name)"
    case .replace(_, let current, let next): "replace \(name) \(revision(current)) by \(revision(next.revision))"
    case .extend(_, let end): "extend \(name) to \(end)"
    case .remove: "remove \(name)"
    case .removeAll(let group): "remove all of a \(group.role)"
    }
  }

  func answer(_ operation: HistoryOperation) -> String {
    switch operation.answer {
    case .done: "done"
    case .flag(let flag): "\(flag)"
    case .record(let record): record.map { revision($0.revision) } ?? "nothing"
    case .conflict: "conflict"
    case .notApplied: "failed, not applied"
    case .unknown: operation.returned == nil ? "no answer" : "failed, perhaps applied"
    }
  }

  private func revision(_ revision: UInt64) -> String { revisions[revision] ?? "r?" }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
