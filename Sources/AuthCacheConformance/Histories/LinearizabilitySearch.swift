internal import AuthCache

/// Looks for one order of overlapping operations that a sequential store would have answered alike.
///
/// Wing and Gong's search with Lowe's memory of what was seen (Lowe: Testing for linearizability, Concurrency and
/// Computation 29, 2017): a set of operations already ordered, with the state that they led to, is never tried twice.
/// An operation whose answer says that it changed nothing is taken as soon as it fits, since taking it later would make
/// no difference.
struct LinearizabilitySearch {
  struct Entry {
    let step: SequentialStore.Step
    let invoked: UInt64
    /// `.max` if it is doubtful.
    let returned: UInt64
    /// Its place in the history.
    let source: Int
  }

  enum Verdict: Equatable {
    case possible, impossible
    /// The budget was used up.
    case undecided
  }

  private struct Seen: Hashable {
    let ordered: Mark
    let state: SequentialStore.State
  }

  /// Stands for a set of operations: the sum, bit by bit, of a random number for each.
  private struct Mark: Hashable {
    var high: UInt64 = 0
    var low: UInt64 = 0

    mutating func toggle(_ other: Mark) {
      high ^= other.high
      low ^= other.low
    }
  }

  private struct Frame {
    let state: SequentialStore.State
    let candidates: [Int]
    var next = 0
    /// How many operations were ordered when this frame was entered.
    let ordered: Int
  }

  private let store: SequentialStore
  private let entries: [Entry]
  private let marks: [Mark]
  // A list of what is not ordered yet, by invocation; the last index is its head.
  private var following: [Int]
  private var preceding: [Int]
  private var order: [Int] = []
  private var mark = Mark()
  private var definiteLeft: Int

  /// - Parameter entries: in order of invocation.
  init(store: SequentialStore, entries: [Entry]) {
    self.store = store
    self.entries = entries
    var generator = SeededGenerator(seed: 0)
    marks = entries.map { _ in Mark(high: generator.next(), low: generator.next()) }
    let head = entries.count
    following = Array(1...(head + 1))
    following[head] = head == 0 ? head : 0
    preceding = Array(-1..<head)
    preceding[0] = head
    definiteLeft = entries.count { !$0.step.isDoubtful }
  }

  /// - Parameter budget: how many states may be looked at; lowered by those that were.
  mutating func run(from initial: SequentialStore.State, budget: inout Int) -> Verdict {
    var seen: Set<Seen> = []
    var frames: [Frame] = []
    var state = initial
    var isEntering = true
    while true {
      if isEntering {
        let entered = order.count
        takeWhatChangesNothing(in: state)
        if definiteLeft == 0 { return .possible }
        if seen.insert(Seen(ordered: mark, state: state)).inserted {
          guard budget > 0 else { return .undecided }
          budget -= 1
          frames.append(Frame(state: state, candidates: candidates(), ordered: entered))
        } else {
          putBack(to: entered)
          if frames.isEmpty { return .impossible }
          putBackLast()
        }
        isEntering = false
      }
      guard var frame = frames.popLast() else { return .impossible }
      var chosen: SequentialStore.State?
      while chosen == nil, frame.next < frame.candidates.count {
        let candidate = frame.candidates[frame.next]
        frame.next += 1
        chosen = store.apply(entries[candidate].step, to: frame.state)
        // What changes nothing and may be left out is left out.
        if chosen == frame.state, entries[candidate].step.isDoubtful { chosen = nil }
        if chosen != nil { take(candidate) }
      }
      if let chosen {
        frames.append(frame)
        state = chosen
        isEntering = true
      } else {
        putBack(to: frame.ordered)
        if frames.isEmpty { return .impossible }
        putBackLast()
      }
    }
  }

  private mutating func takeWhatChangesNothing(in state: SequentialStore.State) {
    var again = true
    while again {
      again = false
      for candidate in candidates() where entries[candidate].step.saysItChangedNothing {
        if store.apply(entries[candidate].step, to: state) == state {
          take(candidate)
          again = true
        }
      }
    }
  }

  /// Whatever may come next: what was asked for before anything left has returned. What returns first stands first,
  /// and what may be left out stands last.
  private func candidates() -> [Int] {
    let head = entries.count
    var candidates: [Int] = []
    var firstReturn = UInt64.max
    var index = following[head]
    while index != head, entries[index].invoked <= firstReturn {
      candidates.append(index)
      firstReturn = min(firstReturn, entries[index].returned)
      index = following[index]
    }
    return candidates.filter { entries[$0].invoked <= firstReturn }
      .sorted { (entries[$0].returned, $0) < (entries[$1].returned, $1) }
  }

  private mutating func take(_ index: Int) {
    following[preceding[index]] = following[index]
    preceding[following[index]] = preceding[index]
    order.append(index)
    mark.toggle(marks[index])
    if !entries[index].step.isDoubtful { definiteLeft -= 1 }
  }

  private mutating func putBack(to count: Int) {
    while order.count > count { putBackLast() }
  }

  private mutating func putBackLast() {
    guard let index = order.popLast() else { return }
    following[preceding[index]] = index
    preceding[following[index]] = index
    mark.toggle(marks[index])
    if !entries[index].step.isDoubtful { definiteLeft += 1 }
  }
}
