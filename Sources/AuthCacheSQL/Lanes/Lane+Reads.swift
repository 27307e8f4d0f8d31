internal import AuthCache

extension Lane {
  func serveReads(on connection: any SQLConnection) throws(SQLFailure) {
    let requests = pool.take(for: id, writes: false)
    let (together, alone) = requests.reduce(into: ([LaneRequest](), [LaneRequest]())) { parts, request in
      if request.request.isSociable { parts.0.append(request) } else { parts.1.append(request) }
    }
    var left = together + alone
    do throws(SQLFailure) {
      try readTogether(together, on: connection)
      left = alone
      while let request = left.first {
        try readAlone(request, on: connection)
        left.removeFirst()
      }
    } catch {
      // Reading twice does no harm, and the connection may only have been old.
      pool.readAgain(left, error)
      throw error
    }
  }

  /// - Throws: only if the connection broke; then nobody has been answered.
  private func readTogether(_ requests: [LaneRequest], on connection: any SQLConnection) throws(SQLFailure) {
    guard requests.count > 1 else {
      for request in requests { try readAlone(request, on: connection) }
      return
    }
    let start = Monotonic.coarse
    do throws(SQLFailure) {
      // Reads of single records share one transaction where beginning and ending one costs as much as such a read.
      if !connection.traits.pipelines, !connection.traits.merges { try connection.beginReading() }
      try serve(MergePlan(requests, layout, connection.traits), on: connection)
      try connection.commit()
    } catch {
      pool.observer.noteIfSlow(.load, nil, since: start)
      connection.rollback()
      if error.condition == .disconnected { throw error }
      for request in requests { try readAlone(request, on: connection) }
      return
    }
    pool.observer.noteIfSlow(.load, nil, since: start)
    AnswerGate.resume(requests) { $0.deliver(behind: $1) }
  }

  private func readAlone(_ request: LaneRequest, on connection: any SQLConnection) throws(SQLFailure) {
    let start = Monotonic.coarse
    let content = request.request
    let result: Result<SQLAnswer, SQLFailure>
    do throws(SQLFailure) {
      result = .success(try answer(to: content, on: connection))
    } catch {
      connection.rollback()
      if error.condition == .disconnected {
        pool.observer.noteIfSlow(content.operation, content.kind, since: start)
        throw error
      }
      result = .failure(error)
    }
    pool.observer.noteIfSlow(content.operation, content.kind, since: start)
    request.settle(result)
  }

  private func answer(
    to request: SQLRequest, on connection: any SQLConnection
  ) throws(SQLFailure) -> SQLAnswer {
    if request.isSociable { return try connection.exchange(request, layout, careful: false, now: now) }
    try connection.beginReading()
    let answer = try connection.perform(request, layout, careful: false, now: now)
    try connection.commit()
    return answer
  }
}
