internal import AuthCache

/// A write, and what is under its id without it and with it.
struct CancelledCall: Sendable {
  let call: BackendCall
  let id: Lookup
  let before: Record?
  let after: Record?
}

extension Trial {
  /// One of six writes of a record that no other call concerns.
  func cancelledCall(_ number: Int) -> CancelledCall {
    let record = record(.session)
    let next = record.replacing(revision: revision())
    let end = now + .seconds(7_200)
    let (call, isThere, after): (BackendCall, Bool, Record?) =
      // Neighbours are of one sort, so that a store that merges calls has some to merge.
      switch number / 2 % 6 {
      case 0: (.store(record), false, record)
      case 1: (.insert(record), false, record)
      case 2: (.consume(record.id), true, nil)
      case 3: (.remove(record.id), true, nil)
      case 4: (.replace(record, with: next), true, next)
      default: (.extend(record.id, to: end), true, record.extended(to: end))
      }
    return CancelledCall(call: call, id: record.id, before: isThere ? record : nil, after: after)
  }

  /// Makes all `calls` at once, and cancels every second one, one after the other.
  ///
  /// - Parameter round: how long the cancelling waits: for the first answer in every other round, so that it meets what
  ///   was taken up then; else not at all, or a few turns.
  /// - Returns: what became of each.
  func whileOthersAreCancelled(
    _ calls: [BackendCall], on backend: any AuthCacheBackend, from round: Int
  ) async throws -> [CallEnding<BackendAnswer>] {
    let tasks = calls.map { call in
      Task { try await CallEnding { try await backend.perform(call) } }
    }
    if round.isMultiple(of: 2) {
      for _ in 0..<(round * 4) { await Task.yield() }
    } else {
      _ = try await tasks[round - 1].value
    }
    for number in stride(from: 1, to: tasks.count, by: 2) {
      tasks[number].cancel()
      await Task.yield()
    }
    var endings: [CallEnding<BackendAnswer>] = []
    for task in tasks { endings.append(try await task.value) }
    return endings
  }

  /// Records a breach unless the store holds what `ending` says that it does.
  func judge(
    _ ending: CallEnding<BackendAnswer>, of call: CancelledCall, on backend: any AuthCacheBackend
  ) async throws {
    let (found, name) = (try await backend.load(call.id), call.call.operation)
    switch ending {
    case .answered: expect(found, equals: call.after, "\(name) that answers is done")
    case .threw(let error):
      expect(error.code, equals: .cancelled, "\(name) of a cancelled task")
      if error.effect == .none {
        expect(found, equals: call.before, "\(name) that was cancelled without effect is not done")
      } else {
        expect(found == call.before || found == call.after, "\(name) in doubt is done whole or not at all")
      }
    }
  }
}
