internal import AuthCache

/// The record store as one client alone would see it, for the few records that belong together.
///
/// The state is small and hashable, because the search keeps every state that it has seen.
struct SequentialStore {
  /// What is under one id: an index into `records`, and the end that extending has given it.
  struct Slot: Hashable {
    var record: Int
    var expiresAt: Int64

    static let empty = Slot(record: -1, expiresAt: .min)
    var isEmpty: Bool { record < 0 }
  }

  struct State: Hashable {
    var slots: [Slot]
    /// No later operation may be judged by an earlier time.
    var time: Int64
  }

  /// One operation in terms of slots and indices.
  struct Step {
    enum Call {
      case store(record: Int)
      case insert(record: Int)
      case load(Target)
      case consume(Target)
      case replace(revision: UInt64, next: Int)
      case extend(Target, to: Int64)
      case remove(Target)
      case removeAll(HistoryGroup)
    }

    let call: Call
    let answer: HistoryOperation.Answer
    let earliest: Int64
    let latest: Int64
    /// Whether it may have been applied at any time, or never.
    let isDoubtful: Bool

    /// Not: that it changes nothing in some state. A removal of a group fits in every state, and which one matters.
    var saysItChangedNothing: Bool {
      if isDoubtful { return false }
      return switch (call, answer) {
      case (.load, _), (_, .flag(false)), (_, .record(nil)), (_, .conflict): true
      default: false
      }
    }
  }

  enum Target {
    case slot(Int)
    case alias(HistoryLookup)
  }

  let records: [HistoryRecord]
  /// Which slot each record belongs in.
  let slotOf: [Int]
  /// The instants at which something may end, ascending: between two of them all times are alike.
  let ends: [Int64]

  /// The state after `step`, nil if its answer can't come about in `state`.
  func apply(_ step: Step, to state: State) -> State? {
    var moment = Moment(state: state, step: step)
    guard moment.earliest <= moment.latest else { return nil }
    let isPossible =
      step.isDoubtful ? applyDoubtful(step.call, &moment) : applyAnswered(step.call, step.answer, &moment)
    guard isPossible else { return nil }
    moment.state.time = lastEnd(through: moment.state.time)
    return moment.state
  }

  private func lastEnd(through time: Int64) -> Int64 {
    var (low, high) = (0, ends.count)
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? .min : ends[low - 1]
  }

  // MARK: With an answer

  private func applyAnswered(
    _ call: Step.Call, _ answer: HistoryOperation.Answer, _ moment: inout Moment
  ) -> Bool {
    switch (call, answer) {
    case (.store(let record), .conflict), (.insert(let record), .conflict), (.replace(_, let record), .conflict):
      return isAliasHeld(record, &moment)
    case (.store(let record), _):
      return write(record, &moment)
    case (.insert(let record), .flag(let inserted)):
      let slot = slotOf[record]
      return inserted ? moment.isDead(slot) && write(record, &moment) : moment.isLive(slot)
    case (.load(let target), .record(let found)):
      return find(target, found, &moment) != nil
    case (.consume(let target), .record(let found)):
      guard let slot = find(target, found, &moment) else { return false }
      if slot >= 0 { moment.clear(slot) }
      return true
    case (.replace(let revision, let next), .flag(let replaced)):
      let slot = slotOf[next]
      let matches = !moment.slots[slot].isEmpty && records[moment.slots[slot].record].revision == revision
      if replaced { return matches && moment.isLive(slot) && write(next, &moment) }
      return !matches || moment.isDead(slot)
    case (.extend(let target, let end), .flag(let extended)):
      guard let slot = find(target, anything: extended, &moment) else { return false }
      if slot >= 0 { moment.extend(slot, to: end) }
      return true
    case (.remove(let target), .flag(let removed)):
      guard let slot = find(target, anything: removed, &moment) else { return false }
      if slot >= 0 { moment.clear(slot) }
      return true
    case (.removeAll(let group), _):
      clear(group, &moment)
      return true
    default:
      return false
    }
  }

  /// The slot that `target` finds with exactly `found` in it; -1 if there is rightly nothing; nil if that can't be.
  private func find(_ target: Target, _ found: HistoryRecord?, _ moment: inout Moment) -> Int? {
    guard let slot = find(target, anything: found != nil, &moment) else { return nil }
    guard let found else { return -1 }
    let held = moment.slots[slot]
    guard records[held.record].isSame(as: found), held.expiresAt == found.expiresAt ?? .max else { return nil }
    return slot
  }

  /// The slot that `target` finds, if it is to find something; -1 if it is to find nothing; nil if that can't be.
  private func find(_ target: Target, anything: Bool, _ moment: inout Moment) -> Int? {
    switch target {
    case .slot(let slot):
      if anything { return moment.isLive(slot) ? slot : nil }
      return moment.isDead(slot) ? -1 : nil
    case .alias(let alias):
      let holders = moment.slots.indices.filter { holds($0, alias, moment) }
      if anything { return holders.first { moment.isLive($0) } }
      return holders.allSatisfy { moment.isDead($0) } ? -1 : nil
    }
  }

  private func holds(_ slot: Int, _ alias: HistoryLookup, _ moment: borrowing Moment) -> Bool {
    let held = moment.slots[slot]
    return !held.isEmpty && records[held.record].aliases.contains(alias)
  }

  /// Puts `record` in place; impossible while another live record holds one of its aliases.
  private func write(_ record: Int, _ moment: inout Moment) -> Bool {
    let own = slotOf[record]
    for alias in records[record].aliases {
      for slot in moment.slots.indices where slot != own && holds(slot, alias, moment) {
        guard moment.isDead(slot) else { return false }
      }
    }
    moment.put(record, expiresAt: records[record].expiresAt ?? .max, in: own)
    return true
  }

  private func isAliasHeld(_ record: Int, _ moment: inout Moment) -> Bool {
    let own = slotOf[record]
    for alias in records[record].aliases {
      for slot in moment.slots.indices where slot != own && holds(slot, alias, moment) && moment.isLive(slot) {
        return true
      }
    }
    return false
  }

  private func clear(_ group: HistoryGroup, _ moment: inout Moment) {
    for slot in moment.slots.indices where !moment.slots[slot].isEmpty {
      if records[moment.slots[slot].record].groups.contains(group) { moment.clear(slot) }
    }
  }

  // MARK: Without one

  /// Applies what an unanswered operation changes. That it changed nothing is the case in which it is left out.
  private func applyDoubtful(_ call: Step.Call, _ moment: inout Moment) -> Bool {
    switch call {
    case .store(let record): return write(record, &moment)
    case .insert(let record): return moment.isDead(slotOf[record]) && write(record, &moment)
    case .load: return false
    case .consume(let target), .remove(let target):
      guard let slot = find(target, anything: true, &moment) else { return false }
      moment.clear(slot)
      return true
    case .replace(let revision, let next):
      return applyAnswered(.replace(revision: revision, next: next), .flag(true), &moment)
    case .extend(let target, let end):
      guard let slot = find(target, anything: true, &moment) else { return false }
      moment.extend(slot, to: end)
      return true
    case .removeAll(let group):
      clear(group, &moment)
      return true
    }
  }
}

/// A state while one operation is judged in it, at the earliest time that fits.
private struct Moment {
  var state: SequentialStore.State
  let latest: Int64

  init(state: SequentialStore.State, step: SequentialStore.Step) {
    self.state = state
    self.state.time = max(state.time, step.earliest)
    latest = step.latest
  }

  var earliest: Int64 { state.time }
  var slots: [SequentialStore.Slot] { state.slots }

  func isLive(_ slot: Int) -> Bool { !slots[slot].isEmpty && slots[slot].expiresAt > state.time }

  /// Lets the time come at which what is in the slot is gone, if that is soon enough.
  mutating func isDead(_ slot: Int) -> Bool {
    guard isLive(slot) else { return true }
    guard slots[slot].expiresAt <= latest, slots[slot].expiresAt < .max else { return false }
    state.time = slots[slot].expiresAt
    return true
  }

  mutating func clear(_ slot: Int) { state.slots[slot] = .empty }

  mutating func put(_ record: Int, expiresAt: Int64, in slot: Int) {
    state.slots[slot] = SequentialStore.Slot(record: record, expiresAt: expiresAt)
  }

  mutating func extend(_ slot: Int, to end: Int64) {
    if end > state.slots[slot].expiresAt { state.slots[slot].expiresAt = end }
  }
}
