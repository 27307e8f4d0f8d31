internal import AuthCacheConformance

/// The stores that were started for one run: one for each backend that was to have one, whatever its stacks.
struct EphemeralStores {
  /// What is to be verified, with the addresses of what was started.
  private(set) var subjects: [Subject]
  private var running: [EphemeralStore] = []

  /// Starts them all at once. A backend whose store does not start is blocked, with the reason.
  ///
  /// - Parameter tell: Takes the lines that say how it goes.
  static func start(for subjects: [Subject], tell: @escaping @Sendable (String) -> Void) async -> EphemeralStores {
    var stores = EphemeralStores(subjects: subjects)
    let answers = await withTaskGroup(of: (String, Result<EphemeralStore, any Error>).self) { group in
      for factory in stores.factories {
        guard let start = factory.ephemeral else { continue }
        tell("Starting a store for \(factory.name)…")
        group.addTask {
          let clock = ContinuousClock()
          let begin = clock.now
          let answer = await Result(catching: start)
          if case .success = answer {
            tell("The store for \(factory.name) runs, after \(Progress.time((clock.now - begin) / .seconds(1)))")
          }
          return (factory.name, answer)
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    stores.running = answers.values.compactMap { try? $0.get() }
    stores.subjects = subjects.map { subject in
      guard subject.isEphemeral, let answer = answers[subject.factory.name] else { return subject }
      switch answer {
      case .success(let store):
        return Subject(subject.factory, stack: subject.stack, url: store.url, isEphemeral: true)
      case .failure(let error):
        let reason = error is CancellationError ? "interrupted while its store was starting" : Fault.reason(error)
        return Subject(subject.factory.blocked(reason), stack: subject.stack, isEphemeral: true)
      }
    }
    return stores
  }

  /// Ends them all at once.
  func end() async {
    await withTaskGroup(of: Void.self) { group in
      for store in running { group.addTask { await store.end() } }
    }
  }

  private init(subjects: [Subject]) { self.subjects = subjects }

  private var factories: [BackendFactory] {
    var names: Set<String> = []
    return subjects.filter(\.isEphemeral).map(\.factory).filter { names.insert($0.name).inserted }
  }
}

extension Result where Failure == any Error {
  /// What `body` returns or throws.
  fileprivate init(catching body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
