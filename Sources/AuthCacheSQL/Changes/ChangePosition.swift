package import AuthCache

/// How far a log has been read.
///
/// Where several transactions write the log at once, a number that is drawn earlier may be committed later, or never. So
/// a number that is missing is remembered until it has come, or until it is certain that nobody will write it any more.
package struct ChangePosition: Sendable, Equatable {
  /// The highest number that was read.
  private(set) var last: Int64
  /// The numbers below it that were not there, and how often they were looked for since.
  private(set) var missing: [Int64: Int]
  /// A missing number is a row that was pruned: nothing comes late.
  let isInOrder: Bool

  /// How often a missing number is looked for along with what follows it; then it is asked for by itself.
  private static var patience: Int { 4 }
  /// More are not remembered, and a gap is announced in their place.
  private static var limit: Int { 16_384 }

  package init(last: Int64, missing: some Sequence<Int64> = [], isInOrder: Bool) {
    self.last = last
    self.missing = Dictionary(uniqueKeysWithValues: missing.prefix(Self.limit).map { ($0, 0) })
    self.isInOrder = isInOrder
  }

  /// What is read next comes after this.
  package var start: Int64 {
    let young = missing.lazy.filter { $0.value < Self.patience }.map(\.key).min()
    return young.map { min($0 - 1, last) } ?? last
  }

  /// The missing numbers that are to be asked for one by one.
  package var overdue: [Int64] { missing.filter { $0.value >= Self.patience }.keys.sorted() }

  /// Takes in the whole log after ``start``, and returns what is new.
  ///
  /// - Parameter end: the highest number in the log.
  package mutating func advance(through changes: [LoggedChange], end: Int64?) -> [Invalidation] {
    var news: [Invalidation] = []
    for key in missing.keys { missing[key, default: 0] += 1 }
    for change in changes {
      if change.id <= last {
        if missing.removeValue(forKey: change.id) != nil { news += change.invalidations }
        continue
      }
      if change.id > last + 1 {
        if isInOrder || missing.count + Int(clamping: change.id - last) > Self.limit {
          // Rows were pruned before they were read, or there are more of them than can be told apart.
          news.append(.gap)
          missing = [:]
        } else {
          for id in (last + 1)..<change.id { missing[id] = 0 }
        }
      }
      last = change.id
      news += change.invalidations
    }
    // The log was emptied, or is another one.
    if end ?? 0 < last {
      (last, missing) = (end ?? 0, [:])
      news.append(.gap)
    }
    return news
  }

  /// The rows between were pruned.
  package mutating func skip(to end: Int64) -> [Invalidation] {
    (last, missing) = (end, [:])
    return [.gap]
  }

  /// What a missing number turned out to be: `change`, or nothing that anybody will ever write.
  package mutating func settle(_ id: Int64, _ change: LoggedChange?) -> [Invalidation] {
    missing[id] = nil
    return change?.invalidations ?? []
  }
}
