internal import AuthCache

extension Requirement {
  /// How listening begins and ends.
  static let subscriptions: [Requirement] = [
    Requirement(
      "invalidation.subscription.beginsWithGap", .invalidation, "The first thing that a subscriber hears is a gap.",
      consequence: "What a cache read before it listened, and what changed meanwhile, is served for ever.",
      likelyCause: "Nobody thinks of what happened before the subscription.", references: ["node-postgres#967"],
      needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      for _ in 0..<3 {
        try await changer.store(trial.session())
        let listening = try await trial.listen(to: listener)
        trial.expect(listening.first, equals: .gap, "the first element is a gap")
      }
    },
    Requirement(
      "invalidation.subscription.hearsFromNowOn", .invalidation,
      "Whatever changes after the subscription has begun is heard, by each of several subscribers.",
      consequence: "Of two caches in one process one is never told.",
      likelyCause: "There is room for one subscriber.",
      needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let subscribers = [
        try await trial.listen(to: listener), try await trial.listen(to: changer), try await trial.listen(to: listener),
      ]
      let records = (0..<5).map { _ in trial.session(life: .seconds(86_400)) }
      for record in records { try await changer.store(record) }
      for listening in subscribers {
        for record in records {
          try await trial.until("every subscriber hears of every change") { listening.hasHeard(record) }
        }
      }
    },
    Requirement(
      "invalidation.subscription.endsWithItsTask", .invalidation,
      "Cancelling the task that iterates ends the iteration, gives back what the subscription held, and disturbs no "
        + "other.",
      consequence: "Every cache that was ever made goes on being told, over a connection of its own.",
      likelyCause: "The subscription waits for the next announcement before it looks whether anybody listens.",
      needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let other = try await trial.listen(to: listener)
      try await trial.settle(other, changer)
      let before = OpenFiles.names(under: trial.environment.directory).count
      for _ in 0..<8 {
        let listening = try await trial.listen(to: listener)
        listening.cancel()
        try await trial.until("a cancelled iteration ends") { listening.hasEnded }
      }
      try await trial.until("no file of a subscription that has ended is open") {
        OpenFiles.names(under: trial.environment.directory).count <= before
      }
      try await trial.settle(other, changer)
      trial.expect(!other.hasEnded, "the other subscription goes on")
    },
    Requirement(
      "invalidation.close.endsSubscriptions", .invalidation,
      "Closing a handle ends its subscriptions; subscribing to it then throws `closed`.",
      consequence: "A server that shuts down waits for ever for a task that listens.",
      likelyCause: "Nobody wakes the task that waits for the next announcement.", needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let listening = [try await trial.listen(to: listener), try await trial.listen(to: listener)]
      let asleep = try await trial.subscribe(to: listener)
      try await trial.settle(listening[0], changer)
      try await listener.close()
      for listening in listening {
        try await trial.until("a subscription ends when its handle is closed") { listening.hasEnded }
      }
      let late = asleep()
      try await trial.until("so does one that nobody has asked for an element yet") { late.hasEnded }
      let announcer = try trial.announcer(listener)
      await trial.expectError(.closed, "a closed backend announces nothing") { _ = try await announcer.invalidations() }
    },
    Requirement(
      "invalidation.overflow.isGap", .invalidation,
      "What a subscriber did not hear because it was too slow is announced as a gap.",
      consequence: "After a burst of changes a cache serves revoked sessions, and nobody knows.",
      likelyCause: "The announcements that wait are bounded, and what is too much is dropped.",
      references: ["https://www.postgresql.org/docs/15/sql-notify.html"], needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let isSlow = Memo(true)
      let listening = try await trial.listen(to: listener) { _ in
        while isSlow.with({ $0 }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
      }
      let records = (0..<1_500).map { _ in trial.record(.session, life: .seconds(86_400), payload: [1]) }
      _ = try await trial.concurrently(30) { number in
        for record in records[(number * 50)..<(number * 50 + 50)] { try await changer.store(record) }
      }
      isSlow.with { $0 = false }
      for record in records {
        try await trial.until("a change that happened while nobody took announcements is heard, or a gap") {
          listening.hasHeard(record)
        }
      }
      // After the gap it goes on.
      try await trial.settle(listening, changer)
    },
  ]
}
