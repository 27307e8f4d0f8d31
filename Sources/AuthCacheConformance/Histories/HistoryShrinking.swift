/// Reduces operations that no order explains to a few of which the same can be said.
///
/// Every step is sound: it only ever leaves out what could not have helped. The tail after the first contradiction
/// goes, the beginning gives way to "anything that was written by then may be in place", operations that changed
/// nothing go if they are not needed, and each of the others is left open (applied at any time, or never) if that does
/// not help either. What remains with its answer is the witness.
struct HistoryShrinking {
  private typealias Entry = LinearizabilitySearch.Entry

  private let part: HistoryPart
  private static let budget = 2_000

  init(part: HistoryPart) { self.part = part }

  func witness() -> HistoryWitness {
    var initials = [part.empty]
    var entries = withoutTail(part.entries)
    if let (start, states) = withoutBeginning(entries) {
      entries = start
      initials = states
    }
    entries = withoutBystanders(entries, from: initials)
    entries = withDoubts(entries, from: initials)

    let exact = entries.filter { !$0.step.isDoubtful || part.operations[$0.source].returned == nil }
    return HistoryWitness(
      operations: exact.map { part.operations[$0.source] }, others: part.operations.count - exact.count,
      startsEmpty: initials == [part.empty])
  }

  private func isImpossible(_ entries: [Entry], from initials: [SequentialStore.State]) -> Bool {
    initials.allSatisfy { initial in
      var budget = Self.budget
      var search = LinearizabilitySearch(store: part.store, entries: entries)
      return search.run(from: initial, budget: &budget) == .impossible
    }
  }

  /// Up to the first return at which nothing can explain the answers any more.
  private func withoutTail(_ entries: [Entry]) -> [Entry] {
    func prefix(_ end: UInt64) -> [Entry] {
      entries.filter { $0.invoked <= end }.compactMap { entry in
        if entry.returned <= end || entry.step.isDoubtful { return entry }
        return part.operations[entry.source].call.isRead ? nil : entry.doubted
      }
    }
    let returns = entries.filter { !$0.step.isDoubtful }.map(\.returned).sorted()
    let end = returns.partitionPoint { isImpossible(prefix($0), from: [part.empty]) }
    return end < returns.count ? prefix(returns[end]) : entries
  }

  /// From as late as possible, with every state that may have been reached by then.
  private func withoutBeginning(_ entries: [Entry]) -> ([Entry], [SequentialStore.State])? {
    guard part.empty.slots.count == 1 else { return nil }
    func suffix(_ start: UInt64) -> [Entry] {
      entries.compactMap { entry in
        if entry.invoked >= start || entry.step.isDoubtful { return entry }
        if entry.returned < start { return nil }
        return part.operations[entry.source].call.isRead ? nil : entry.doubted
      }
    }
    let starts = entries.map(\.invoked).sorted()
    // The later the start the less is left to contradict, so the first start that explains everything ends the search.
    let end = starts.partitionPoint { start in
      let window = suffix(start)
      guard let states = states(before: start, window, entries) else { return true }
      return !isImpossible(window, from: states)
    }
    guard end > 0 else { return nil }
    let window = suffix(starts[end - 1])
    guard let states = states(before: starts[end - 1], window, entries) else { return nil }
    return (window, states)
  }

  /// Every state that what was asked for before `start` can have led to; nil if there are too many.
  ///
  /// Records that no answer in the window tells apart count as one.
  private func states(
    before start: UInt64, _ window: [Entry], _ entries: [Entry]
  ) -> [SequentialStore.State]? {
    let earlier = entries.filter { $0.invoked < start }.map { part.operations[$0.source] }
    var ends: Set<Int64> = []
    var written: Set<Int> = []
    for operation in earlier {
      if case .extend(_, let end) = operation.call { ends.insert(end) }
    }
    for entry in entries where entry.invoked < start {
      switch entry.step.call {
      case .store(let record), .insert(let record), .replace(_, let record): written.insert(record)
      default: break
      }
    }
    var told: Set<UInt64> = []
    for entry in window {
      if case .record(let record?) = entry.step.answer { told.insert(record.revision) }
      if case .replace(let revision, _) = entry.step.call { told.insert(revision) }
    }
    var slots: Set<SequentialStore.Slot> = [.empty]
    var representatives: Set<Untold> = []
    for index in written.sorted() {
      let record = part.store.records[index]
      let own = record.expiresAt ?? .max
      for end in [own] + ends.filter({ $0 > own }) {
        let untold = Untold(end: end, aliases: record.aliases, groups: record.groups)
        if told.contains(record.revision) || representatives.insert(untold).inserted {
          slots.insert(SequentialStore.Slot(record: index, expiresAt: end))
        }
      }
    }
    guard slots.count <= 256 else { return nil }
    return slots.map { SequentialStore.State(slots: [$0], time: .min) }
  }

  /// What an operation that never names the revision can still tell of a record.
  private struct Untold: Hashable {
    let end: Int64
    let aliases: [HistoryLookup]
    let groups: [HistoryGroup]
  }

  private func withoutBystanders(_ entries: [Entry], from initials: [SequentialStore.State]) -> [Entry] {
    let bystanders = entries.indices.filter { index in
      !entries[index].step.isDoubtful && part.operations[entries[index].source].changedNothing
    }
    let kept = Shrinking.fewest(bystanders) { kept in
      let kept = Set(kept)
      let fewer = entries.indices.filter { !bystanders.contains($0) || kept.contains($0) }
      return isImpossible(fewer.map { entries[$0] }, from: initials)
    }
    let left = Set(bystanders).subtracting(kept)
    return entries.indices.filter { !left.contains($0) }.map { entries[$0] }
  }

  private func withDoubts(_ entries: [Entry], from initials: [SequentialStore.State]) -> [Entry] {
    var entries = entries
    for index in entries.indices where !entries[index].step.isDoubtful {
      var open = entries
      open[index] = entries[index].doubted
      if isImpossible(open, from: initials) { entries = open }
    }
    return entries
  }
}

extension Array {
  /// The index of the first element that `isLater`, where all that follow it are too.
  fileprivate func partitionPoint(_ isLater: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isLater(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
