internal import AuthCache

extension Requirement {
  /// What a cache must keep in every order of the steps that its callers take.
  static let cacheSchedules: [Requirement] = [
    Requirement(
      "cache.schedule.staleFill", .cache,
      "In whatever order the steps of two reads and a write come, the cache then answers what the store does.",
      consequence: "Now and then, and on no machine but the busiest, a logged-out session is served for an hour.",
      likelyCause: "Between the look at what was written meanwhile and the keeping another task comes in.",
      references: ["guava#1881", "lakekeeper#1843", "layered-loader#414"], needs: [.cache]
    ) { trial in
      let group = trial.digest()
      let session = trial.record(
        .session, life: .seconds(600), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()),
        groups: Groups(subject: group))
      let next = session.replacing(revision: trial.revision())
      _ = try await trial.cached()
      for call in [
        BackendCall.remove(session.id), .store(next), .replace(session, with: next), .removeAll(.subject(group)),
      ] {
        await trial.explore("reads while \(call.operation) is done") { schedule in
          let store = ReferenceBackend(clock: schedule.clock).interleaved()
          let cache = try trial.scheduledCache(over: store, schedule)
          try await store.store(session)
          let lookups = [session.id, session.lookups[1]]
          try await schedule.together([
            "reader by id": { _ = try await cache.load(lookups[0]) },
            "reader by token": { _ = try await cache.load(lookups[1]) },
            "writer": { _ = try await cache.perform(call) },
          ])
          for lookup in lookups {
            let (remembered, stored) = (try await cache.load(lookup), try await store.load(lookup))
            schedule.expect(remembered == stored, "by \(lookup.field.rawValue) the cache answers what was before")
          }
        }
      }
    },
    Requirement(
      "cache.schedule.cancelledLeader", .cache,
      "In whatever order one of several readers of a record is cancelled, the others get the record.",
      consequence: "One impatient client fails everybody who waits for the same session, if it leaves at a bad moment.",
      likelyCause: "Cancellation is expected while the store is asked, and not as its answer comes.",
      references: ["layercache#59"], needs: [.cache]
    ) { trial in
      let session = trial.session()
      _ = try await trial.cached()
      await trial.explore("a reader who is cancelled beside others") { schedule in
        let store = ReferenceBackend(clock: schedule.clock).interleaved()
        let cache = try trial.scheduledCache(over: store, schedule)
        try await store.store(session)
        let leaving = schedule.spawner.spawn {
          do throws(AuthCacheError) {
            let found = try await cache.load(session.id)
            return found == session
          } catch { return error.code == .cancelled }
        }
        try await schedule.together([
          "canceller": {
            await schedule.point()
            leaving.cancel()
          },
          "one who stays": {
            schedule.expect(try await cache.load(session.id) == session, "one who stays does not get the record")
          },
          "another": {
            schedule.expect(try await cache.load(session.id) == session, "another does not get the record")
          },
        ])
        schedule.expect(await leaving.value, "who is cancelled hears neither that nor the record")
        schedule.expect(try await cache.load(session.id) == session, "what is remembered is not the record")
      }
    },
  ]
}
