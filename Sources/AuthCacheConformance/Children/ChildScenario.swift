internal import AuthCache
internal import Foundation
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A part that a child process plays in a check.
public struct ChildScenario: Sendable, Identifiable {
  /// Two dotted words, subject and deed: `codes.consume`.
  public let id: String
  let body: @Sendable (ChildContext) async throws -> Void

  /// A part of that id; `body` plays it in the child.
  public init(_ id: String, body: @escaping @Sendable (ChildContext) async throws -> Void) {
    self.id = id
    self.body = body
  }

  /// Every part that a check of this kit gives to a child.
  public static let all: [ChildScenario] = [
    .consumeCodes, .recordHistory, .storeUntilKilled, .changeUntilKilled, .consumeUntilKilled,
    .storeBatchesUntilKilled, .storeBufferedUntilKilled, .openAndStore, .changeRecords, .keepCache,
  ]

  /// Whether this process plays a part.
  static let isPlayed = Atomic(false)

  /// Plays the part that the parent writes on the first line of the standard input, and returns the exit status.
  ///
  /// The process ends at once when the input does: its parent has died.
  ///
  /// - Parameter registry: The backends that the parent may mean. The kit's mutants are known besides.
  public static func runFromStandardInput(registry: BackendRegistry) async -> Int32 {
    isPlayed.store(true, ordering: .releasing)
    let input = standardInput()
    var lines = input.makeAsyncIterator()
    guard let line = await lines.next() else { return 2 }
    do {
      let output = Mutex(Int32(1))
      try await run(task: line, registry: registry, received: input) { text in
        output.withLock { writeWhole($0, Array((text + "\n").utf8)) }
      }
      return 0
    } catch {
      writeWhole(2, Array("\((error as? AuthCacheError)?.debugDescription ?? "\(error)")\n".utf8))
      return 1
    }
  }

  /// Plays the part that the JSON `task` describes.
  static func run(
    task line: String, registry: BackendRegistry, received: AsyncStream<String>,
    write: @escaping @Sendable (String) -> Void
  ) async throws {
    let task = try ChildTask(line: line)
    guard let scenario = all.first(where: { $0.id == task.scenario }) else {
      throw Blocked("there is no part \(task.scenario)")
    }
    let own = [.memory, .journal, .announcingJournal] + Mutant.all.map(\.factory)
    guard let factory = registry[task.backend] ?? own.first(where: { $0.name == task.backend }) else {
      throw Blocked("the child does not know the backend \(task.backend): register it with its command")
    }
    guard let stack = Stack(named: task.stack) else {
      throw Blocked("the child does not know the stack \(task.stack)")
    }
    try await scenario.body(
      ChildContext(task: task, factory: factory, stack: stack, received: received, write: write))
  }

  /// The lines of the standard input, read by a thread of their own that ends the process at their end.
  private static func standardInput() -> AsyncStream<String> {
    let (lines, continuation) = AsyncStream<String>.makeStream()
    let thread = Thread {
      while let line = readLine() { continuation.yield(line) }
      // Whatever runs here has lost its parent, and nobody would ever end it.
      _exit(0)
    }
    thread.name = "authcache parent"
    thread.start()
    return lines
  }

  private static func writeWhole(_ stream: Int32, _ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(stream, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
