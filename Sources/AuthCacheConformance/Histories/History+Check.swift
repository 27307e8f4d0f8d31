extension History {
  /// Looks, record by record, for an order of the overlapping operations that explains every answer.
  ///
  /// The store is taken to be empty at the beginning. What ended with unknown effect may have been applied at any time
  /// after it was asked for, or never.
  ///
  /// - Parameter budget: how many states may be looked at for one record before it is given up as undecided.
  public func check(budget: Int = 2_000_000) -> HistoryVerdict {
    var verdict = HistoryVerdict(operations: operations.count, overlapping: overlapping)
    for part in parts {
      verdict.records += part.records
      var left = budget
      var search = LinearizabilitySearch(store: part.store, entries: part.entries)
      switch search.run(from: part.empty, budget: &left) {
      case .possible: break
      case .undecided: verdict.undecided += 1
      case .impossible: verdict.witnesses.append(HistoryShrinking(part: part).witness())
      }
      verdict.states += budget - left
    }
    return verdict
  }
}

/// What became of the search for an order.
public struct HistoryVerdict: Sendable {
  /// How many operations there were.
  public let operations: Int
  /// How many of them overlapped another one. A history without overlap shows nothing.
  public let overlapping: Int
  /// How many records they concerned.
  public internal(set) var records = 0
  /// How many states were looked at.
  public internal(set) var states = 0
  /// For how many records the budget did not suffice.
  public internal(set) var undecided = 0
  /// One for each record whose operations can't be explained.
  public internal(set) var witnesses: [HistoryWitness] = []

  init(operations: Int, overlapping: Int) {
    self.operations = operations
    self.overlapping = overlapping
  }

  /// Whether every answer is explained.
  public var isLinearizable: Bool { witnesses.isEmpty && undecided == 0 }

  /// Throws unless every answer is explained and at least `floor` operations overlapped.
  public func requireLinearizable(overlapping floor: Int = 2) throws(HistoryFailure) {
    if !isLinearizable || overlapping < floor { throw HistoryFailure(verdict: self, floor: floor) }
  }
}

extension HistoryVerdict: CustomStringConvertible {
  public var description: String {
    let extent = "\(operations) operations on \(records) records, \(overlapping) of them overlapping"
    if let first = witnesses.first {
      let more = witnesses.count > 1 ? "\n(and \(witnesses.count - 1) more records)" : ""
      return "\(first)\n\(extent)\(more)"
    }
    if undecided > 0 { return "undecided for \(undecided) records after \(states) states: \(extent)" }
    return "linearizable: \(extent)"
  }
}

/// Thrown by ``HistoryVerdict/requireLinearizable(overlapping:)``.
public struct HistoryFailure: Error, CustomStringConvertible {
  /// What was found.
  public let verdict: HistoryVerdict
  let floor: Int

  public var description: String {
    if verdict.isLinearizable {
      return "only \(verdict.overlapping) operations overlapped; at least \(floor) are needed to show anything"
    }
    return verdict.description
  }
}
