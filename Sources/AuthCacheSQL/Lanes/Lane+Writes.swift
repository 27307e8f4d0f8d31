internal import AuthCache

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Group commit.
extension Lane {
  /// How often a transaction is repeated that lost against others.
  private static var repeats: Int { 16 }

  func serveWrites(on connection: any SQLConnection) throws(SQLFailure) {
    if pool.favorsThroughput { connection.favorThroughput() }
    // Where there is one lock it comes first: while it is awaited more requests gather, and may yet be cancelled.
    if connection.traits.locksToWrite { try awaitLock(on: connection) }
    let requests = pool.take(for: id, writes: true)
    let (together, alone) = requests.reduce(into: ([LaneRequest](), [LaneRequest]())) { parts, request in
      if request.request.isSociable { parts.0.append(request) } else { parts.1.append(request) }
    }
    let isBegun = connection.traits.locksToWrite
    if isBegun, together.isEmpty { connection.rollback() }
    var broken: SQLFailure?
    if !together.isEmpty { broken = commitTogether(together, isBegun: isBegun, on: connection) }
    for request in alone {
      if let broken {
        // This was not even sent.
        var failure = broken
        failure.effect = .none
        pool.giveUp(request, failure)
      } else {
        broken = commitAlone(request, on: connection)
      }
    }
    if let broken, broken.condition == .disconnected { throw broken }
  }

  private func awaitLock(on connection: any SQLConnection) throws(SQLFailure) {
    let start = Monotonic.coarse
    defer { pool.observer.noteIfSlow("lock", nil, since: start) }
    try connection.beginWriting()
  }

  /// One transaction for the whole batch. If it can't be, each request gets a transaction of its own, so that what
  /// fails fails alone.
  ///
  /// - Returns: why nothing more can be done over this connection or without the lock.
  private func commitTogether(
    _ requests: [LaneRequest], isBegun: Bool, on connection: any SQLConnection
  ) -> SQLFailure? {
    if requests.count == 1, !isBegun { return commitAlone(requests[0], on: connection) }
    let plan = MergePlan(requests, layout, connection.traits)
    let start = Monotonic.coarse
    let operation = requests.count == 1 ? requests[0].request.operation : "commit"
    do throws(SQLFailure) {
      if !isBegun, needsTransaction(plan, on: connection) { try connection.beginWriting() }
      try serve(plan, on: connection)
      try connection.commit()
    } catch {
      pool.observer.noteIfSlow(operation, nil, since: start)
      connection.rollback()
      if error.effect == .none, error.condition != .disconnected, error.condition != .busy {
        return commitApart(requests, on: connection)
      }
      for request in requests { pool.giveUp(request, error) }
      return error
    }
    pool.observer.noteIfSlow(operation, nil, since: start)
    AnswerGate.resume(requests) { $0.deliver(behind: $1) }
    return nil
  }

  /// What is sent in one go, or is one statement, is a transaction by itself.
  private func needsTransaction(_ plan: MergePlan, on connection: any SQLConnection) -> Bool {
    let traits = connection.traits
    if traits.pipelines { return false }
    guard traits.commitsSingles, connection.hasReturning else { return true }
    // Many rows may be one statement for us and many for the database.
    return plan.merges.count + plan.singles.count > 1 || plan.merges.contains { $0.writesRows }
  }

  private func commitApart(_ requests: [LaneRequest], on connection: any SQLConnection) -> SQLFailure? {
    for (index, request) in requests.enumerated() {
      guard let broken = commitAlone(request, on: connection) else { continue }
      // No lock and no connection now: the others would wait as long again, each.
      var failure = broken
      failure.effect = .none
      for request in requests[(index + 1)...] { pool.giveUp(request, failure) }
      return broken
    }
    return nil
  }

  /// One transaction for one request, repeated as often as it loses against others.
  private func commitAlone(_ request: LaneRequest, on connection: any SQLConnection) -> SQLFailure? {
    let start = Monotonic.coarse
    defer { pool.observer.noteIfSlow(request.request.operation, request.request.kind, since: start) }
    var careful = false
    var losses = 0
    while true {
      do throws(SQLFailure) {
        request.settle(.success(try transact(request.request, careful: careful, on: connection)))
        return nil
      } catch {
        connection.rollback()
        guard error.effect == .none else {
          pool.giveUp(request, error)
          return error.condition == .disconnected ? error : nil
        }
        switch error.condition {
        case .duplicate:
          if !careful {
            careful = true
            continue
          }
          request.settle(refusal(of: request.request, on: connection))
          return nil
        case .contention:
          losses += 1
          if losses <= Self.repeats {
            // Whoever lost waits a little, each time longer: else the same two meet again.
            usleep(UInt32(pool.settings.entropy.next() % UInt64(500 << min(losses, 6))))
            continue
          }
          pool.giveUp(
            request,
            SQLFailure(
              .conflict, "other transactions kept winning the rows that this one needs: try again",
              detail: error.detail))
          return nil
        case .busy, .disconnected:
          pool.giveUp(request, error)
          return error
        case .confined, .broken:
          pool.giveUp(request, error)
          return nil
        }
      }
    }
  }

  private func transact(
    _ request: SQLRequest, careful: Bool, on connection: any SQLConnection
  ) throws(SQLFailure) -> SQLAnswer {
    let traits = connection.traits
    let isOneStatement = request.isSociable && !careful && connection.hasReturning
    if !isOneStatement || !traits.commitsSingles { try connection.beginWriting() }
    if request.isSociable { return try connection.exchange(request, layout, careful: careful, now: now) }
    let answer = try connection.perform(request, layout, careful: careful, now: now)
    try connection.commit()
    return answer
  }

  /// What is answered where a live record holds an alias, or at an insert the id itself: that one comes first.
  private func refusal(of request: SQLRequest, on connection: any SQLConnection) -> Result<SQLAnswer, SQLFailure> {
    guard case .insert(let record) = request else { return .failure(.aliasConflict) }
    do throws(SQLFailure) {
      let isThere = try connection.isLive(record.id, layout, now: now)
      try connection.commit()
      return isThere ? .success(.flag(false)) : .failure(.aliasConflict)
    } catch {
      connection.rollback()
      return .failure(error)
    }
  }
}

// MARK: - One batch, one transaction

extension Lane {
  /// Merges what is alike, and pipelines where that is possible. The answers wait in the requests.
  ///
  /// - Throws: what the transaction does not survive. What concerns one request only is kept as its answer.
  func serve(_ plan: MergePlan, on connection: any SQLConnection) throws(SQLFailure) {
    let now = now
    guard connection.traits.pipelines else {
      for merge in plan.merges { try connection.finish(try connection.send(merge, layout, now: now), now: now) }
      for request in plan.singles {
        switch try answer(to: request.request, now: now, on: connection) {
        case .success(let answer): request.prepare(answer)
        case .failure(let failure): request.prepare(failure)
        }
      }
      return
    }
    var merges: [SentMerge] = []
    var singles: [(request: LaneRequest, sent: Sent)] = []
    for merge in plan.merges { merges.append(try connection.send(merge, layout, now: now)) }
    for request in plan.singles { singles.append((request, try connection.send(request.request, layout, now: now))) }
    try connection.announceCommit()
    for sent in merges { try connection.finish(sent, now: now) }
    for (request, sent) in singles { request.prepare(try connection.finish(sent, layout, now: now)) }
  }

  private func answer(
    to request: SQLRequest, now: Timestamp, on connection: any SQLConnection
  ) throws(SQLFailure) -> Result<SQLAnswer, SQLFailure> {
    var careful = false
    while true {
      do throws(SQLFailure) {
        return .success(try connection.run(request, layout, careful: careful, now: now))
      } catch {
        guard error.isConfined, connection.traits.survivesFailures else { throw error }
        guard error.condition == .duplicate else { return .failure(error) }
        if !careful {
          careful = true
        } else if case .insert(let record) = request, try connection.isLive(record.id, layout, now: now) {
          return .success(.flag(false))
        } else {
          return .failure(.aliasConflict)
        }
      }
    }
  }
}
