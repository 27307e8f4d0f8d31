internal import AuthCache

extension Requirement {
  private static let crashing: [Need] = [.durability(.process), .reopen, .child]

  /// What is there after `kill -9` of a process that wrote through a buffer.
  static let bufferCrashes: [Requirement] = [
    Requirement(
      "buffer.crash.persistedSurvives", .buffer,
      "Whatever a buffer acknowledged as persisted is there after its process was killed.",
      consequence: "Users whose login has just succeeded are logged out when a server crashes.",
      likelyCause: "A write is acknowledged when it has been gathered.", needs: crashing
    ) { trial in
      var acknowledged = 0
      for _ in 0..<3 {
        let point = 3 + Int(trial.entropy.next() % 60)
        let loss = try await trial.bufferLoss(delay: 1, isQueued: false) { count, _ in count == point }
        trial.expect(
          loss.lost == 0, "an acknowledged session is there", expected: "all of \(loss.acknowledged)",
          found: "\(loss.lost) lost")
        acknowledged += loss.acknowledged
      }
      trial.measured("none of \(acknowledged) acknowledged sessions was lost in 3 crashes")
    },
    Requirement(
      "buffer.crash.queuedLosesDelay", .buffer,
      "Of what a buffer acknowledged at once, a kill takes the writes of the last delay and of the flush under way, and "
        + "none before them.",
      consequence: "A crash logs out everybody who came in the last minutes, and a tenth of a second was agreed to.",
      likelyCause: "The delay begins anew with each write, or is taken for another unit.", needs: crashing
    ) { trial in
      let delay = 100
      // The first flush is due after one delay; a tenfold one would not have come yet.
      let loss = try await trial.bufferLoss(delay: delay, isQueued: true) { _, milliseconds in
        milliseconds >= 9 * delay
      }
      trial.expect(
        loss.window <= 7 * delay, "what was acknowledged longer ago than a delay and a flush is there",
        expected: "at most \(delay) ms of writes lost, and those of the flush under way",
        found: "\(loss.lost) of \(loss.acknowledged) lost, the oldest acknowledged \(loss.window) ms before the end")
      trial.measured(
        "for a delay of \(delay) ms, \(loss.lost) of \(loss.acknowledged) acknowledged sessions were lost, the oldest "
          + "\(loss.window) ms before the end")
    },
  ]
}

/// What a crash took of what a buffer had acknowledged.
private struct BufferLoss {
  var acknowledged = 0
  var lost = 0
  /// How many milliseconds before the last acknowledgement the first came of which nothing is left.
  var window = 0
}

extension Trial {
  /// Has a child store sessions through a buffer, and kills it as soon as an acknowledgement fulfils `isEnd`.
  fileprivate func bufferLoss(
    delay: Int, isQueued: Bool, until isEnd: (_ count: Int, _ milliseconds: Int) -> Bool
  ) async throws -> BufferLoss {
    let series = RecordSeries(self)
    let child = try spawn(
      .storeBufferedUntilKilled, series.arguments(["tasks": "2", "maxDelay": "\(delay)", "queued": "\(isQueued)"]))
    var times: [(number: Int, milliseconds: Int)] = []
    var isOver = false
    for await line in child.lines {
      let words = line.split(separator: " ").compactMap { Int($0) }
      guard words.count == 2 else { continue }
      times.append((words[0], words[1]))
      // What it had written before it died is read to its end.
      if !isOver, isEnd(times.count, words[1]) {
        isOver = true
        child.kill()
      }
    }
    let exit = await child.wait()
    try require(
      isOver, "the child works until it is killed", expected: "more than \(times.count) stores",
      found: "it \(exit)" + (child.diagnostics.isEmpty ? "" : ", saying: \(child.diagnostics)"))
    trace.note("the child is killed after \(times.count) stores were acknowledged")

    let reopened = try await reopen()
    let records = times.map { series.session($0.number) }
    let found = try await reopened.loadEach(records.map(\.id))
    var loss = BufferLoss(acknowledged: times.count)
    let end = times.map(\.milliseconds).max() ?? 0
    for (index, record) in records.enumerated() where found[index] != record {
      expect(found[index] == nil, "a session is there whole or not at all")
      loss.lost += 1
      loss.window = max(loss.window, end - times[index].milliseconds)
    }
    try await reopened.close()
    return loss
  }
}
