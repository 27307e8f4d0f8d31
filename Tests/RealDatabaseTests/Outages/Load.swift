import AuthCache
import Synchronization
import Testing

/// Tasks that store, load and consume codes of their own until they are told to end, and know what each code has to be.
///
/// What was acknowledged holds, what failed with effect `none` did not happen, and only what failed with effect
/// `unknown` may be either.
final class Load: Sendable {
  struct Tally: Sendable {
    var answers = 0
    var failures: [AuthCacheError] = []
    /// How long the slowest operation took.
    var slowest = Duration.zero
    /// Answers that can't be.
    var wrong: [String] = []
    /// What the store must hold in the end; nil where both can be.
    var isThere: [UInt64: Bool?] = [:]
  }

  private let backend: Database.Backend
  private let state = Mutex((tally: Tally(), isOver: false))

  init(on backend: Database.Backend) { self.backend = backend }

  var tally: Tally { state.withLock { $0.tally } }

  /// Lets so many tasks work while `body` does harm, and looks at every record when it is done.
  func run(tasks: Int, whileDoing body: () async throws -> Void) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for task in 0..<tasks { group.addTask { await self.work(UInt64(task)) } }
      // Tasks that never end would hide what went wrong.
      defer { state.withLock { $0.isOver = true } }
      try await body()
    }
    let known = tally.isThere.compactMap { number, isThere in isThere.map { (number, $0) } }
    let found = try await backend.load(contentsOf: known.map { record($0.0).id })
    for ((number, isThere), record) in zip(known, found) where (record != nil) != isThere {
      note("code \(number) is \(isThere ? "absent" : "there") in the end, and must not be")
    }
  }

  /// Waits until so many more operations were answered, and counts on the tasks to go on.
  func progress(_ count: Int) async throws {
    let goal = tally.answers + count
    try await until { tally.answers >= goal }
  }

  /// Waits until so many more operations have failed.
  func trouble(_ count: Int) async throws {
    let goal = tally.failures.count + count
    try await until { tally.failures.count >= goal }
  }

  private func work(_ task: UInt64) async {
    var round: UInt64 = 0
    while !state.withLock({ $0.isOver }) {
      round += 1
      let code = record(task << 32 | round)
      let number = task << 32 | round
      // Nil: nobody knows.
      var isThere: Bool? = false
      isThere = await effect(on: isThere, becoming: true) { try await self.backend.store(code) }
      await look(code, expecting: isThere)
      if round % 3 > 0 {
        let before = isThere
        isThere = await effect(on: isThere, becoming: false) {
          let found = try await self.backend.consume(code.id)
          if let before, (found != nil) != before { self.note("a code that is \(before) was consumed otherwise") }
        }
        await look(code, expecting: isThere)
      }
      state.withLock { $0.tally.isThere[number] = .some(isThere) }
    }
  }

  private func look(_ code: Record, expecting isThere: Bool?) async {
    _ = await effect(on: isThere, becoming: isThere) {
      let found = try await self.backend.load(code.id)
      if let found, found.payload != code.payload { self.note("a code came back as another") }
      if let isThere, (found != nil) != isThere { self.note("a code that is there: \(isThere) was loaded otherwise") }
    }
  }

  /// Whether the code is there after `operation`. Once in doubt it stays so: what was sent may yet be carried out.
  private func effect(
    on isThere: Bool?, becoming then: Bool?, _ operation: () async throws -> Void
  ) async -> Bool? {
    let start = ContinuousClock.now
    var result = isThere == nil ? nil : then
    var failure: AuthCacheError?
    do {
      try await operation()
    } catch let error as AuthCacheError {
      failure = error
      result = error.effect == .none ? isThere : isThere == then ? then : nil
    } catch {
      note("\(error)")
    }
    let took = ContinuousClock.now - start
    state.withLock { state in
      state.tally.slowest = max(state.tally.slowest, took)
      if let failure { state.tally.failures.append(failure) } else { state.tally.answers += 1 }
    }
    return result
  }

  private func note(_ text: String) { state.withLock { $0.tally.wrong.append(text) } }
}

extension Load.Tally {
  /// Every failure is one that an outage explains, and every answer is true.
  func expectHonest(within deadline: Duration) {
    #expect(wrong.isEmpty, "\(wrong.prefix(3)), \(wrong.count) in all")
    let strange = failures.filter { ![.unavailable, .timeout].contains($0.code) }
    #expect(strange.isEmpty, "\(strange.prefix(3).map(\.debugDescription))")
    #expect(slowest < deadline)
    #expect(answers > 0)
  }
}
