/// One flush at the delegate: bulk calls where it has them, and single calls where it has not or where a bulk call
/// failed without effect, so that a record that can't be written fails alone. No write is sent more than twice.
struct BatchAttempt: Sendable {
  typealias Answer = Result<Bool, AuthCacheError>
  typealias Single = (result: Answer, retries: Int)

  struct Outcome: Sendable {
    /// What became of each write, in the order of the batch.
    var results: [Answer]
    var retries = 0

    var failures: Int {
      results.count { if case .failure = $0 { true } else { false } }
    }
  }

  let delegate: any AuthCacheBackend
  let bulk: (any BulkBackend)?

  /// Carries out one write in the task of its caller.
  func carryOut(_ write: BufferedWrite) async -> Single {
    let first = await single(write)
    guard case .failure(let error) = first else { return (first, 0) }
    return await carryOut(write, after: error)
  }

  /// The same where the first attempt has failed. That its caller was cancelled is no failure that might pass.
  func carryOut(_ write: BufferedWrite, after error: AuthCacheError) async -> Single {
    guard error.effect == .none, error.code != .cancelled else { return (.failure(error), 0) }
    return (await single(write), 1)
  }

  /// Carries out writes of different records. Removals go first: they set aliases free that a store may take.
  func carryOut(_ batch: [WriteQueue.Flying]) async -> Outcome {
    var outcome = Outcome(results: Array(repeating: .success(false), count: batch.count))
    var removals: [(index: Int, lookup: Lookup)] = []
    var stores: [(index: Int, record: Record)] = []
    for (index, flying) in batch.enumerated() {
      switch flying.write {
      case .store(let record): stores.append((index, record))
      case .remove(let lookup): removals.append((index, lookup))
      }
    }
    guard let bulk, batch.count > 1 else {
      await singly(batch, Array(batch.indices), &outcome)
      return outcome
    }
    if !removals.isEmpty {
      let answers = await attempt { () async throws(AuthCacheError) in
        try await bulk.remove(contentsOf: removals.map(\.lookup))
      }
      await conclude(answers, removals.map(\.index), of: batch, &outcome)
    }
    if !stores.isEmpty {
      let answers = await attempt { () async throws(AuthCacheError) in
        try await bulk.store(contentsOf: stores.map(\.record))
        return [Bool](repeating: false, count: stores.count)
      }
      await conclude(answers, stores.map(\.index), of: batch, &outcome)
    }
    return outcome
  }

  /// Spreads what a bulk call answered, or takes its writes one by one if it certainly had no effect.
  private func conclude(
    _ answers: Result<[Bool], AuthCacheError>, _ indices: [Int], of batch: [WriteQueue.Flying],
    _ outcome: inout Outcome
  ) async {
    switch answers {
    case .success(let answers):
      for (index, answer) in zip(indices, answers) { outcome.results[index] = .success(answer) }
    case .failure(let error) where error.effect == .none:
      // This is the one repetition that a write without effect gets.
      for index in indices {
        outcome.retries += 1
        outcome.results[index] = await single(batch[index].write)
      }
    case .failure(let error):
      for index in indices { outcome.results[index] = .failure(error) }
    }
  }

  /// In order; what failed without effect once more after the others, which may have stood in its way.
  private func singly(_ batch: [WriteQueue.Flying], _ indices: [Int], _ outcome: inout Outcome) async {
    var again: [Int] = []
    for index in indices {
      outcome.results[index] = await single(batch[index].write)
      if case .failure(let error) = outcome.results[index], error.effect == .none { again.append(index) }
    }
    for index in again {
      outcome.retries += 1
      outcome.results[index] = await single(batch[index].write)
    }
  }

  private func single(_ write: BufferedWrite) async -> Answer {
    do throws(AuthCacheError) {
      switch write {
      case .store(let record):
        try await delegate.store(record)
        return .success(false)
      case .remove(let lookup): return .success(try await delegate.remove(lookup))
      }
    } catch {
      return .failure(error)
    }
  }

  private func attempt<Value: Sendable>(
    _ call: () async throws(AuthCacheError) -> Value
  ) async -> Result<Value, AuthCacheError> {
    do throws(AuthCacheError) { return .success(try await call()) } catch { return .failure(error) }
  }
}
