public import AuthCache
internal import Dispatch

/// What a scenario has in the child: the parent's store, a clock that stands at the parent's instant, seeded
/// randomness, and lines to and from the parent.
public final class ChildContext: Sendable {
  /// What the parent said.
  public let task: ChildTask
  /// Where and how the backend is to be opened.
  public let environment: BackendEnvironment
  /// Seeded by the parent, differently for every child.
  public let entropy: SeededEntropy

  private let factory: BackendFactory
  private let stack: Stack
  private let write: @Sendable (String) -> Void
  private let received: AsyncStream<String>

  init(
    task: ChildTask, factory: BackendFactory, stack: Stack, received: AsyncStream<String>,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.task = task
    self.factory = factory
    self.stack = stack
    self.received = received
    self.write = write
    let clock: any AuthCacheClock =
      task.now.map { VirtualClock(startingAt: Timestamp(millisecondsSinceEpoch: $0)) } ?? SystemClock()
    environment = BackendEnvironment(
      namespace: task.namespace, clock: clock, directory: task.directory, url: task.url,
      announces: task.announces ?? false)
    entropy = SeededEntropy(seed: task.seed)
  }

  /// Opens the parent's store.
  public func open() async throws -> any AuthCacheBackend { try await open(on: environment.clock) }

  /// Opens the parent's store, to go by another clock than the parent's.
  func open(on clock: any AuthCacheClock) async throws -> any AuthCacheBackend {
    let environment = environment.with(clock: clock)
    return try await stack.build(try await factory.make(environment), environment)
  }

  /// What the parent's factory puts in front of the store where a check is about a layer.
  var layers: LayerFactories { factory.layers }

  /// Opens the parent's store behind a write buffer that goes by the system's clock, as nobody else moves one here.
  func openBuffered(_ configuration: BufferConfiguration) async throws -> any BufferingBackend {
    try factory.layers.buffer(
      LayerFactories.BufferParts(
        delegate: try await open(on: .system), configuration: configuration, clock: .system, spawner: .unstructured))
  }

  /// Hands a line to the parent; it has left this process when the call returns, so a kill loses none.
  public func emit(_ line: String) { write(line) }

  /// The next line from the parent; nil if the parent is gone.
  public func nextLine() async -> String? {
    var lines = received.makeAsyncIterator()
    return await lines.next()
  }

  /// Says that this child is ready, and waits until the parent lets all of them go.
  ///
  /// - Returns: The instant at which they begin, on the clock that all processes of a machine share.
  @discardableResult
  public func awaitStart() async -> SharedInstant {
    emit(Self.ready)
    let start = SharedInstant(nanoseconds: await nextLine().flatMap { UInt64($0) } ?? 0)
    start.await()
    return start
  }

  static let ready = "ready"

  /// The argument `name`.
  public func argument(_ name: String) throws -> String {
    guard let value = task.arguments[name] else { throw Blocked("the child was not told “\(name)”") }
    return value
  }

  /// The argument `name` as a number.
  public func number(_ name: String) throws -> Int {
    guard let number = Int(try argument(name)) else { throw Blocked("“\(name)” is no number") }
    return number
  }
}

/// An instant that several processes wait for together.
public struct SharedInstant: Sendable {
  let nanoseconds: UInt64

  static var now: SharedInstant { SharedInstant(nanoseconds: DispatchTime.now().uptimeNanoseconds) }

  func advanced(by microseconds: Int) -> SharedInstant {
    SharedInstant(nanoseconds: nanoseconds + UInt64(microseconds) * 1_000)
  }

  /// Spins until the instant has come: to be woken takes one process longer than another does its whole part.
  func await() {
    while DispatchTime.now().uptimeNanoseconds < nanoseconds {}
  }
}

extension ChildProcess {
  /// The next line; nil at the end of the output.
  func nextLine() async -> String? {
    var lines = lines.makeAsyncIterator()
    return await lines.next()
  }
}

extension Trial {
  /// Starts `count` children and lets them go at once when all are ready.
  func spawnTogether(
    _ count: Int, _ scenario: ChildScenario, _ arguments: (Int) -> [String: String]
  ) async throws -> [ChildProcess] {
    let processes = try (0..<count).map { try spawn(scenario, arguments($0)) }
    for process in processes where await process.nextLine() != ChildContext.ready {
      try await finish(process)
      throw Blocked("\(children?.executable ?? "the executable") plays no part when it is started as a child")
    }
    let start = SharedInstant.now.advanced(by: 2_000)
    for process in processes { process.send("\(start.nanoseconds)") }
    return processes
  }
}
