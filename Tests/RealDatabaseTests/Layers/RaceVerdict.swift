import AuthCacheConformance

/// What tasks did through a layer and beside it, and which laws that breaks.
///
/// What a layer takes away is not asked of it: reads from memory may be old by an announcement's delay, and what is
/// acknowledged before it is written may be overtaken on its way.
struct RaceVerdict {
  /// What came through the layer begins so.
  static let through = "through"

  let operations: [HistoryOperation]
  /// When each round began, and when the last one had ended. The layer agreed with its store then.
  let rounds: [UInt64]
  let layer: RacedLayer

  /// One sentence for each law that is broken.
  var breaches: [String] { unexplained + revived + overlooked }

  private func isThrough(_ operation: HistoryOperation) -> Bool { operation.client.hasPrefix(Self.through) }

  /// Whether the answer may come from memory. One-time kinds and lookups by refresh token never do.
  private func mayBeRemembered(_ operation: HistoryOperation) -> Bool {
    guard layer.remembers, isThrough(operation), case .load(let lookup) = operation.call else { return false }
    return lookup.kind == "session" && lookup.field != "refreshToken"
  }

  /// Whether it may be acknowledged long before it is done.
  private func mayBeQueued(_ operation: HistoryOperation) -> Bool {
    guard layer == .queue, isThrough(operation), case .store(let record) = operation.call else { return false }
    return record.id.kind == "session"
  }

  /// By when it was certainly done.
  private func isDone(_ operation: HistoryOperation) -> UInt64? {
    guard mayBeQueued(operation), let returned = operation.returned else { return operation.returned }
    return rounds.first { $0 >= returned } ?? returned
  }

  /// Some order explains every answer. What may be remembered need only have been true at some time in its round, and
  /// what may be queued need only be done by the end of it.
  private var unexplained: [String] {
    let history = History(
      operations.map { operation in
        var judged = operation
        if mayBeRemembered(operation) { judged.invoked = rounds.last { $0 <= operation.invoked } ?? 0 }
        judged.returned = isDone(operation)
        return judged
      })
    let verdict = history.check(budget: 300_000)
    return verdict.isLinearizable ? [] : ["\(verdict)"]
  }

  /// What was taken or replaced through the layer is never loaded through it again; what was taken past it, never
  /// where nothing is remembered.
  private var revived: [String] {
    loads.compactMap { load, record in
      let taken = operations.first { take in
        guard let end = take.returned, end < load.invoked, isThrough(take) || !mayBeRemembered(load) else {
          return false
        }
        switch (take.call, take.answer) {
        case (.consume, .record(let taken?)): return taken.id == record.id && taken.revision == record.revision
        case (.replace(let id, let revision, let next), .flag(true)):
          return id == record.id && revision == record.revision && next.revision != revision
        default: return false
        }
      }
      return taken.map { "\(load.client) loaded what \($0.client) had taken: \(load) after \($0)" }
    }
  }

  /// Who wrote through the layer sees it there: neither what was before, nor an absence from before.
  private var overlooked: [String] {
    let writes = operations.filter { isThrough($0) && $0.returned != nil }
    return operations.compactMap { load in
      guard isThrough(load), case .load(let lookup) = load.call, case .record(let found) = load.answer else {
        return nil
      }
      let origin = found.map { writer(of: $0).flatMap(isDone) ?? .max } ?? 0
      let overlooked = writes.first { write in
        guard let end = write.returned, end < load.invoked else { return false }
        if let found { return origin < write.invoked && overwrites(write, found) }
        return isBack(write, lookup) && !mayBeGone(lookup, since: write, until: load)
      }
      return overlooked.map { "\(load.client) overlooked what \($0.client) wrote: \(load) after \($0)" }
    }
  }

  private var loads: [(HistoryOperation, HistoryRecord)] {
    operations.compactMap { operation in
      guard case .load = operation.call, case .record(let found?) = operation.answer else { return nil }
      return (operation, found)
    }
  }

  /// Whether `write`, if it came after `record` was written, took it away.
  private func overwrites(_ write: HistoryOperation, _ record: HistoryRecord) -> Bool {
    switch (write.call, write.answer) {
    case (.store(let next), .done), (.insert(let next), .flag(true)), (.replace(_, _, let next), .flag(true)):
      return next.id == record.id && next.revision != record.revision
    case (.consume, .record(let taken?)): return taken.id == record.id
    case (.remove(let lookup), .flag(true)): return lookup == record.id || record.aliases.contains(lookup)
    case (.removeAll(let group), .done): return record.groups.contains(group)
    default: return false
    }
  }

  private func writer(of record: HistoryRecord) -> HistoryOperation? {
    operations.first { $0.call.written?.id == record.id && $0.call.written?.revision == record.revision }
  }

  /// Whether `write` has put something where `lookup` finds it.
  private func isBack(_ write: HistoryOperation, _ lookup: HistoryLookup) -> Bool {
    switch (write.call, write.answer) {
    case (.store(let record), .done), (.insert(let record), .flag(true)), (.replace(_, _, let record), .flag(true)):
      return record.id == lookup || record.aliases.contains(lookup)
    default: return false
    }
  }

  /// Whether anybody may have taken away what `write` had put there, by the time that `load` returned.
  private func mayBeGone(_ lookup: HistoryLookup, since write: HistoryOperation, until load: HistoryOperation) -> Bool {
    guard let written = write.call.written else { return true }
    return operations.contains { other in
      guard other != write, other.returned ?? .max > write.invoked, other.invoked < load.returned ?? .max else {
        return false
      }
      return switch other.call {
      case .load, .extend: false
      case .removeAll(let group): written.groups.contains(group)
      case .consume(let found), .remove(let found):
        // By a token of its own it may have been found under another revision.
        found.kind == lookup.kind && (found == written.id || !found.isByID)
      // A record with other tokens, in its place.
      case .store(let next), .insert(let next), .replace(_, _, let next): next.id == written.id
      }
    }
  }
}

extension HistoryOperation.Call {
  fileprivate var written: HistoryRecord? {
    switch self {
    case .store(let record), .insert(let record), .replace(_, _, let record): record
    default: nil
    }
  }
}

extension HistoryLookup {
  fileprivate var isByID: Bool { field == "id" }
}
