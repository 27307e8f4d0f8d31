/// Listens to an invalidation source for a cache, and subscribes anew whenever the subscription ends.
///
/// On every subscription, and at its end, everything is dropped: what was missed is not known. While nobody listens,
/// records stay no longer than they would without a source.
final class InvalidationFeed: Sendable {
  private let task: Task<Void, Never>

  init(_ source: InvalidationSource, into core: CacheCore, spawner: any TaskSpawner) {
    task = spawner.spawn { [weak core] in
      while !Task.isCancelled {
        guard let core else { return }
        try? await source.listen { invalidation in
          // After the flush that a subscription begins with, so that nothing older counts as fed.
          core.apply(invalidation)
          core.isFed = true
        }
        core.isFed = false
        core.flush()
        do { try await core.clock.sleep(for: source.pause) } catch { return }
      }
    }
  }

  func cancel() { task.cancel() }

  /// Returns when nothing of it runs any more.
  func stop() async {
    task.cancel()
    await task.value
  }
}
