import AuthCache
import Synchronization
import Testing

/// Tasks that write, read and remove codes of their own until they are told to end, and know what each code may be.
final class Load: Sendable {
  struct Failure: Sendable {
    let error: AuthCacheError
    let began: ContinuousClock.Instant
    let ended: ContinuousClock.Instant
  }

  struct Tally: Sendable {
    var answers = 0
    var failures: [Failure] = []
    /// How long the slowest operation took.
    var slowest = Duration.zero
    /// Answers that can't be.
    var wrong: [String] = []
    /// What the store must hold in the end, by the number of the code.
    var fates: [UInt64: Fate] = [:]
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
    let fates = tally.fates.map { $0 }
    let found = try await backend.load(contentsOf: fates.map { record($0.key).id })
    for ((number, fate), record) in zip(fates, found) where !fate.allows(record?.revision) {
      note("code \(number) is \(record?.revision ?? 0) in the end, of \(fate.possible)")
    }
  }

  /// Waits until so many more operations were answered, and counts on the tasks to go on.
  func progress(_ count: Int) async throws {
    let goal = state.withLock { $0.tally.answers } + count
    try await until { state.withLock { $0.tally.answers } >= goal }
  }

  /// Waits until so many more operations have failed.
  func trouble(_ count: Int) async throws {
    let goal = state.withLock { $0.tally.failures.count } + count
    try await until { state.withLock { $0.tally.failures.count } >= goal }
  }

  /// Waits until so many operations in a row were answered. Returns when the last one began that was not.
  func health(_ count: Int) async throws -> ContinuousClock.Instant? {
    while true {
      let failed = state.withLock { $0.tally.failures.count }
      try await progress(count)
      let failures = state.withLock { $0.tally.failures }
      if failures.count == failed { return failures.map(\.began).max() }
    }
  }

  private func note(_ text: String) { state.withLock { $0.tally.wrong.append(text) } }
}

// MARK: - What one task does

extension Load {
  private func work(_ task: UInt64) async {
    var round: UInt64 = 0
    while !state.withLock({ $0.isOver }) {
      round += 1
      let number = task << 32 | round << 2
      let codes = (0..<(round % 4 < 2 ? 1 : 3)).map { code(number + $0, in: number) }
      var fate = Fate()
      switch round % 4 {
      case 0:
        await attempt(&fate, becoming: 1) { try await self.backend.store(codes[0]) }
        await look(codes, fate)
        await attempt(&fate, becoming: nil) { [fate] in
          let found = try await self.backend.consume(codes[0].id)
          self.check(fate, found?.revision, "consumed")
        }
      case 1:
        await attempt(&fate, becoming: 1) { [fate] in
          let isNew = try await self.backend.insert(codes[0])
          if isNew != fate.allows(nil) { self.note("an insert answered \(isNew)") }
        }
        await look(codes, fate)
        await replace(codes[0], &fate)
      case 2:
        await attempt(&fate, becoming: 1) { try await self.backend.store(contentsOf: codes) }
        await look(codes, fate)
        await attempt(&fate, becoming: nil) { [fate] in
          let count = try await self.backend.removeAll(in: .subject(digest(number)))
          if count != 0, count != 3 { self.note("of three records of a group \(count) went") }
          self.check(fate, count == 0 ? nil : 1, "removed with its group")
        }
      default:
        await attempt(&fate, becoming: 1) { try await self.backend.store(contentsOf: codes) }
      }
      await look(codes, fate)
      let settled = fate
      state.withLock { state in for code in codes { state.tally.fates[code.digest.words.3] = settled } }
    }
  }

  private func code(_ number: UInt64, revision: UInt64 = 1, in group: UInt64) -> Record {
    record(
      number, revision: revision, groups: Groups(subject: digest(group)), payload: Payload(Array("\(number)".utf8)))
  }

  private func replace(_ code: Record, _ fate: inout Fate) async {
    let number = code.digest.words.3
    let next = self.code(number, revision: 2, in: number)
    var isReplaced = false
    let failure = await timed {
      isReplaced = try await self.backend.replace(code, with: next)
    }
    if let failure {
      if fate.allows(1) { fate.failed(failure.effect, becoming: 2) }
    } else if isReplaced {
      if !fate.allows(1) { note("what is absent was replaced") }
      fate.became(2)
    } else if !fate.isInDoubt, fate.allows(1) {
      note("what is there was not replaced")
    }
  }

  private func look(_ codes: [Record], _ fate: Fate) async {
    _ = await timed {
      let found = try await self.backend.load(contentsOf: codes.map(\.id))
      let one = codes.count == 1 ? try await self.backend.load(codes[0].id) : found[0]
      for record in found + [one] { self.check(fate, record?.revision, "loaded") }
      if Set(found.map(\.?.revision)).count != 1 { self.note("a bulk was seen in part") }
      for (record, code) in zip(found, codes) where record != nil && record?.payload != code.payload {
        self.note("a code came back as another")
      }
    }
  }

  private func check(_ fate: Fate, _ revision: UInt64?, _ deed: String) {
    if !fate.allows(revision) { note("revision \(revision ?? 0) was \(deed), of \(fate.possible)") }
  }

  private func attempt(
    _ fate: inout Fate, becoming revision: UInt64?, _ operation: () async throws -> Void
  ) async {
    if let failure = await timed(operation) {
      fate.failed(failure.effect, becoming: revision)
    } else {
      fate.became(revision)
    }
  }

  private func timed(_ operation: () async throws -> Void) async -> AuthCacheError? {
    let began = ContinuousClock.now
    var failed: AuthCacheError?
    do {
      failed = try await failure(of: operation)
    } catch {
      note("\(error)")
    }
    let (found, ended) = (failed, ContinuousClock.now)
    state.withLock { state in
      state.tally.slowest = max(state.tally.slowest, ended - began)
      if let found {
        state.tally.failures.append(Failure(error: found, began: began, ended: ended))
      } else {
        state.tally.answers += 1
      }
    }
    return failed
  }
}

extension Load.Tally {
  /// Every failure is one that an outage explains, and every answer is true.
  func expectHonest(within deadline: Duration) {
    #expect(wrong.isEmpty, "\(wrong.prefix(3)), \(wrong.count) in all")
    let strange = failures.map(\.error).filter { ![.unavailable, .timeout].contains($0.code) }
    #expect(strange.isEmpty, "\(strange.prefix(3).map(\.debugDescription))")
    #expect(slowest < deadline)
    #expect(answers > 0)
  }
}
