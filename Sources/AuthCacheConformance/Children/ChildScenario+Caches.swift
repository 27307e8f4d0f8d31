internal import AuthCache

extension ChildScenario {
  /// Is one process of a server: a whole cache over the store, which hears of changes over a handle of its own, and does
  /// what the parent says.
  static let keepCache = ChildScenario("cache.keep") { context in
    let process: CachingProcess
    do { process = try await CachingProcess(context) } catch {
      guard let error = error as? AuthCacheError, error.code == .unsupported else { throw error }
      return context.emit("unsupported: \(error.reason)")
    }
    context.emit(ChildContext.ready)
    while let line = await context.nextLine(), let order = CachingProcess.Order(rawValue: line) {
      context.emit(try await process.carryOut(order))
    }
  }
}

/// One process with a cache, and the ``SharedSessions`` that the check is about.
struct CachingProcess: Sendable {
  /// What the parent may say. Each is answered by one line.
  enum Order: String {
    /// Read everything until all of it comes from memory. Answers how much of the last round did.
    case warm
    /// Change every session through the cache.
    case change
    /// Say what is served of each session.
    case tell
    /// Lose the connection that news come over.
    case lose
    /// Have it again.
    case find
  }

  private let context: ChildContext
  private let sessions: SharedSessions
  private let cache: any CachingLayer
  private let news: News

  init(_ context: ChildContext) async throws {
    self.context = context
    sessions = try SharedSessions(context)
    news = News(try await context.open(on: .system))
    // A day: what is not heard of is served to the end of the check.
    cache = try context.layers.cache(
      LayerFactories.CacheParts(
        delegate: try await context.open(on: .system),
        configuration: CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(86_400))),
        source: try news.source(), clock: .system, spawner: .unstructured))
  }

  func carryOut(_ order: Order) async throws -> String {
    switch order {
    case .warm: return "\(try await warm())"
    case .change: try await sessions.change(cache)
    case .tell: return try await sessions.text { try await cache.load($0) }
    case .lose: try await news.lose()
    case .find: news.handle.with { [found = try await context.open(on: .system)] in $0 = found }
    }
    return order.rawValue
  }

  /// Until nothing that is announced late takes anything away again.
  private func warm() async throws -> Int {
    var (warm, rounds) = (0, 0)
    for _ in 0..<200 where rounds < 3 {
      let before = cache.counts(of: .session).hits
      for lookup in sessions.lookups { _ = try await cache.load(lookup) }
      warm = cache.counts(of: .session).hits - before
      rounds = warm == sessions.lookups.count ? rounds + 1 : 0
      try await Task.sleep(for: .milliseconds(rounds == 0 ? 2 : 20))
    }
    return warm
  }

  /// What the cache is told, over a handle that can be lost.
  private struct News: Sendable {
    let handle: Memo<(any AuthCacheBackend)?>

    init(_ handle: any AuthCacheBackend) { self.handle = Memo(handle) }

    func source() throws -> InvalidationSource {
      guard let first = handle.with({ $0 }) as? any InvalidationBackend else {
        throw Blocked("the child's backend announces nothing")
      }
      return source(like: first)
    }

    private func source<Backend: InvalidationBackend>(like _: Backend) -> InvalidationSource {
      InvalidationSource { () async throws(AuthCacheError) in
        guard let backend = handle.with({ $0 }) as? Backend else {
          throw AuthCacheError(.unavailable, operation: .invalidations, "the connection is lost")
        }
        return try await backend.invalidations()
      }
    }

    func lose() async throws {
      let lost = handle.with { handle in
        defer { handle = nil }
        return handle
      }
      try await lost?.close()
    }
  }
}
