internal import AuthCache
internal import Synchronization

extension Mutant {
  /// Buffers that lose more in a crash than was agreed to.
  static let bufferCrashing: [Mutant] = [
    crashing(
      "buffer-acknowledges-what-it-has-gathered",
      "A write is acknowledged as persisted when it has been gathered.", boundTo: "buffer.crash.persistedSurvives"
    ) { configuration in
      guard configuration.queued.isEmpty else { return }
      configuration.queued = [.session]
      configuration.maxDelay = .seconds(1)
    },
    crashing(
      "buffer-takes-ten-times-its-delay", "The delay between flushes is ten times what was asked for.",
      boundTo: "buffer.crash.queuedLosesDelay"
    ) { configuration in
      if !configuration.queued.isEmpty { configuration.maxDelay *= 10 }
    },
  ]

  /// A journal whose buffer is told something else in child processes: what that does shows when one is killed.
  private static func crashing(
    _ name: String, _ mistake: String, boundTo: String,
    configure: @escaping @Sendable (inout BufferConfiguration) -> Void
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo) { name in
      BackendFactory(journal: name).layered(
        by: LayerFactories { parts in
          var parts = parts
          if ChildScenario.isPlayed.load(ordering: .acquiring) { configure(&parts.configuration) }
          return try parts.bundled()
        })
    }
  }
}
