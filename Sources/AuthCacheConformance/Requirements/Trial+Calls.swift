internal import AuthCache

extension Trial {
  /// One call of each of the eight operations that work on records, all about `record`.
  func calls(about record: Record) -> [BackendCall] {
    let next = record.replacing(revision: revision())
    return [
      .store(record), .insert(record), .load(record.id), .consume(record.id), .replace(record, with: next),
      .extend(record.id, to: now + .seconds(3_600)), .remove(record.id), .removeExpired(through: now, limit: 10),
    ]
  }

  /// One call of each operation of the capabilities that the subject has, all about `record`.
  func capabilityCalls(about record: Record) -> [BackendCall] {
    var calls: [BackendCall] = []
    if capabilities.contains(.bulk) {
      calls += [.storeContents([record]), .removeContents([record.id]), .loadContents([record.id])]
    }
    if capabilities.contains(.group) { calls.append(.removeAll(.subject(record.groups.subject ?? digest()))) }
    if capabilities.contains(.listing) { calls.append(.records(of: record.kind, after: nil, limit: 10)) }
    return calls
  }

  /// Records a breach for every call that does not throw `code`.
  func expectError(
    _ code: AuthCacheError.Code, effect: AuthCacheError.Effect? = nil, of calls: [BackendCall],
    on backend: any AuthCacheBackend, _ circumstances: String
  ) async {
    for call in calls {
      await expectError(code, effect: effect, "\(call.operation) \(circumstances)") { try await backend.perform(call) }
    }
  }

  /// Runs `body` in a task that is cancelled before it begins, and waits for it.
  func whileCancelled<Answer: Sendable>(
    _ body: @escaping @Sendable () async throws -> Answer
  ) async throws -> CallEnding<Answer> {
    try await withThrowingTaskGroup(of: CallEnding<Answer>.self) { group in
      group.cancelAll()
      group.addTask { try await CallEnding(of: body) }
      return try require(try await group.next(), "a cancelled task ends")
    }
  }
}

/// What became of one operation.
enum CallEnding<Answer: Sendable>: Sendable {
  case answered(Answer)
  case threw(AuthCacheError)

  init(of body: () async throws -> Answer) async throws {
    do { self = .answered(try await body()) } catch let error as AuthCacheError { self = .threw(error) }
  }

  /// The error, if that is what came of it.
  var error: AuthCacheError? { if case .threw(let error) = self { error } else { nil } }
}
