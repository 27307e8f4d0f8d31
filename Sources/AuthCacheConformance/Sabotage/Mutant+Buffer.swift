internal import AuthCache

extension Mutant {
  static let buffer: [Mutant] = bufferTiming + bufferPassing + bufferFailing + bufferAcknowledging + bufferCrashing

  /// Buffers that were told something else than what they do.
  private static let bufferTiming: [Mutant] = [
    .buffer(
      "buffer-waits-for-the-timer", "Only the timer flushes; a full batch waits for it.",
      boundTo: "buffer.flush.fullBatch", configure: { $0.maxBatch = .max }),
    .buffer(
      "buffer-gathers-nothing", "Every write is flushed as it comes, whatever the delay.",
      boundTo: "buffer.flush.delay",
      alsoBreaks: ["buffer.flush.oneUnit", "buffer.coalesce.lastWins"], configure: { $0.maxDelay = .zero }),
    .buffer(
      "buffer-flushes-singly", "A flush is a loop over single stores.", boundTo: "buffer.flush.oneUnit",
      alsoBreaks: ["buffer.flush.delay", "buffer.failure.alone"],
      configure: { $0.maxBatch = 1 }),
    .buffer(
      "buffer-has-no-bound", "The queue takes whatever comes.", boundTo: "buffer.flush.boundedQueue",
      configure: { $0.capacity = .max }),
    .buffer(
      "buffer-reads-pass-it", "Reads go past the buffer to the store.", boundTo: "buffer.read.seesWaiting",
      alsoBreaks: ["buffer.alias.seesWaiting"], configure: { $0.reads = .bypass }),
  ]

  /// Buffers that some calls go past.
  private static let bufferPassing: [Mutant] = [
    .buffer(
      "buffer-coalesces-nothing", "Every write of a record is written.", boundTo: "buffer.coalesce.lastWins",
      alsoBreaks: [
        "buffer.flush.oneUnit", "buffer.order.removeWins", "buffer.failure.alone", "buffer.failure.kept",
        "buffer.drain.whileWriting", "buffer.drain.deadline",
      ],
      above: { _, call, proceed async throws(AuthCacheError) in
        let answer = try await proceed(call)
        // A read makes what waits for the record go out.
        if case .store(let record) = call { _ = try await proceed(.load(record.id)) }
        return answer
      }),
    .buffer(
      "buffer-removals-overtake", "A removal goes to the store at once, past the store of the same record that waits.",
      boundTo: "buffer.order.removeWins",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .remove = call { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    .buffer(
      "buffer-alias-reads-pass-it", "What waits is found by its id alone.", boundTo: "buffer.alias.seesWaiting",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .load(let lookup) = call, lookup.field != .id { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    .buffer(
      "buffer-decisions-pass-it", "What decides about a record does not look at what waits for it.",
      boundTo: "buffer.decide.afterWaiting",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        switch call {
        case .consume, .insert, .replace, .extend: try await delegate.perform(call)
        default: try await proceed(call)
        }
      }),
    .buffer(
      "buffer-revocation-passes-it", "A group is revoked in the store, and not in the buffer.",
      boundTo: "buffer.group.takesWaiting",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .removeAll = call { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    .buffer(
      "buffer-closes-the-store-first", "Close closes the store and forgets what waits.",
      boundTo: "buffer.drain.writesAll",
      alsoBreaks: [
        "buffer.failure.kept", "buffer.drain.cancelledCaller", "buffer.drain.whileWriting", "buffer.drain.deadline",
      ],
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .close = call { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    .buffer(
      "buffer-takes-closed-for-done", "A write that comes as the buffer closes is acknowledged like any other.",
      boundTo: "buffer.schedule.closing", alsoBreaks: ["buffer.drain.whileWriting"],
      above: { _, call, proceed async throws(AuthCacheError) in
        guard case .store = call else { return try await proceed(call) }
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          if error.code == .closed { return .done }
          throw error
        }
      }),
    .buffer(
      "buffer-drains-unless-cancelled", "The drain runs in the task that calls close, which shutdown has cancelled.",
      boundTo: "buffer.drain.cancelledCaller",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .close = call, Task.isCancelled { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    Mutant(
      "buffer-claims-its-stores-durability", "The buffer declares what its store does, whatever it acknowledges early.",
      boundTo: "buffer.properties.honest",
      factory: { name in
        BackendFactory.memoryNamed(name).layered(
          by: LayerFactories { parts in
            try parts.bundled().sabotaged(by: Sabotage(clock: parts.clock, declare: { _ in parts.delegate.properties }))
          })
      }),
  ]

  /// Buffers that are wrong about failures.
  private static let bufferFailing: [Mutant] = [
    .buffer(
      "buffer-flush-is-only-begun", "A flush is reported as done when it has been sent off.",
      boundTo: "buffer.flush.asked",
      alsoBreaks: [
        "buffer.flush.fullBatch", "buffer.flush.oneUnit", "buffer.flush.boundedQueue", "buffer.coalesce.lastWins",
        "buffer.group.takesWaiting", "buffer.failure.alone", "buffer.drain.writesAll", "buffer.drain.cancelledCaller",
        "buffer.drain.whileWriting", "buffer.drain.deadline",
      ],
      below: { call, proceed async throws(AuthCacheError) in
        if case .storeContents = call { return .done }
        return try await proceed(call)
      }),
    .buffer(
      "buffer-poison-spreads", "A bulk call that failed is everybody's failure.", boundTo: "buffer.failure.alone",
      below: { call, proceed async throws(AuthCacheError) in
        guard case .storeContents = call else { return try await proceed(call) }
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          throw AuthCacheError(error.code, effect: .unknown, operation: error.operation, error.reason)
        }
      }),
    .buffer(
      "buffer-swallows-failures", "A write that failed is logged, and its caller told that all is well.",
      boundTo: "buffer.failure.told",
      alsoBreaks: ["buffer.failure.doubtIsNotRepeated", "buffer.drain.whileWriting"],
      above: { _, call, proceed async throws(AuthCacheError) in
        guard case .store = call else { return try await proceed(call) }
        do throws(AuthCacheError) { return try await proceed(call) } catch { return .done }
      }),
    .buffer(
      "buffer-repeats-the-doubtful", "Whatever fails is sent again.", boundTo: "buffer.failure.doubtIsNotRepeated",
      below: { call, proceed async throws(AuthCacheError) in
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          guard error.effect == .unknown else { throw error }
          return try await proceed(call)
        }
      }),
    .buffer(
      "buffer-pops-before-it-writes", "A write is taken off the queue before it is known to have succeeded.",
      boundTo: "buffer.failure.kept",
      alsoBreaks: [
        "buffer.failure.told", "buffer.failure.alone", "buffer.failure.doubtIsNotRepeated", "buffer.drain.deadline",
      ],
      below: { call, proceed async throws(AuthCacheError) in
        switch call {
        case .store, .storeContents:
          do throws(AuthCacheError) { return try await proceed(call) } catch { return .done }
        default: return try await proceed(call)
        }
      }),
    .buffer(
      "buffer-accepts-after-close",
      "Writes that come while the buffer closes are acknowledged, and nobody writes them.",
      boundTo: "buffer.drain.whileWriting",
      above: { _, call, proceed async throws(AuthCacheError) in
        guard case .store = call else { return try await proceed(call) }
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          if error.code == .closed { return .done }
          throw error
        }
      }),
    .buffer(
      "buffer-waits-for-the-slow", "One flush at a time: whatever comes waits for the call that is under way.",
      boundTo: "buffer.slow.othersWritten", configure: { $0.patience = .seconds(86_400) }),
    .buffer(
      "buffer-drain-claims-success", "A drain that ran out of time says nothing.", boundTo: "buffer.drain.deadline",
      alsoBreaks: ["buffer.failure.kept"],
      above: { _, call, proceed async throws(AuthCacheError) in
        guard case .close = call else { return try await proceed(call) }
        do throws(AuthCacheError) { return try await proceed(call) } catch { return .done }
      }),
  ]

  typealias Above =
    @Sendable (any AuthCacheBackend, BackendCall, BackendProceed) async throws(AuthCacheError) -> BackendAnswer
  typealias Below = @Sendable (BackendCall, BackendProceed) async throws(AuthCacheError) -> BackendAnswer

  /// A memory backend whose write buffer is wrong.
  ///
  /// - Parameters:
  ///   - configure: Changes what the buffer was told.
  ///   - above: Stands between the callers and the buffer; gets the store beneath it too.
  ///   - below: Stands between the buffer and the store.
  static func buffer(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    configure: @escaping @Sendable (inout BufferConfiguration) -> Void = { _ in }, above: Above? = nil,
    below: Below? = nil
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { name in
      BackendFactory.memoryNamed(name).layered(
        by: LayerFactories { parts in
          var sabotaged = parts
          configure(&sabotaged.configuration)
          if let below {
            sabotaged.delegate = parts.delegate.intercepted(
              by: Sabotage(
                clock: parts.clock,
                answer: { call, _, proceed async throws(AuthCacheError) in try await below(call, proceed) }))
          }
          let buffer = try sabotaged.bundled()
          guard let above else { return buffer }
          return buffer.sabotaged(
            by: Sabotage(
              clock: parts.clock,
              answer: { call, _, proceed async throws(AuthCacheError) in
                try await above(parts.delegate, call, proceed)
              }))
        })
    }
  }
}

extension BackendFactory {
  /// The memory backend under another name.
  fileprivate static func memoryNamed(_ name: String) -> BackendFactory {
    BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
  }
}
