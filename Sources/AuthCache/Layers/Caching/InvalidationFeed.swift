internal import Logging

/// Listens to an invalidation source for a cache, and subscribes anew whenever the subscription ends.
///
/// On every subscription, and at its end, everything is dropped: what was missed is not known. While nobody listens,
/// records stay no longer than they would without a source.
final class InvalidationFeed: Sendable {
  private let task: Task<Void, Never>
  private let record: InvalidationRecord

  init(_ source: InvalidationSource, into core: CacheCore, spawner: any TaskSpawner, logger: Logger) {
    let record = InvalidationRecord(logger: logger)
    self.record = record
    task = spawner.spawn { [weak core] in
      while !Task.isCancelled {
        guard let core else { return }
        let failure = await Self.listen(to: source, for: core, record)
        // What came while nobody listened stays no longer than without a source, and an attempt that fails drops it not.
        if core.isFed {
          core.isFed = false
          core.flush()
        }
        if Task.isCancelled { return }
        record.noteFailure(failure, at: core.clock.now)
        do { try await core.clock.sleep(for: source.pause) } catch { return }
      }
    }
  }

  /// - Returns: why it ended, nil if it just did.
  private static func listen(
    to source: InvalidationSource, for core: CacheCore, _ record: InvalidationRecord
  ) async -> AuthCacheError? {
    var isSubscribed = false
    do throws(AuthCacheError) {
      try await source.listen { invalidation in
        // After the flush that a subscription begins with, so that nothing older counts as fed.
        core.apply(invalidation)
        core.isFed = true
        if !isSubscribed {
          isSubscribed = true
          record.noteSubscription(at: core.clock.now)
        } else if invalidation == .gap {
          record.noteGap()
        }
      }
      return nil
    } catch { return error }
  }

  var counts: InvalidationCounts { record.counts }

  func cancel() { task.cancel() }

  /// Returns when nothing of it runs any more.
  func stop() async {
    task.cancel()
    await task.value
  }
}
