internal import AuthCache
internal import Synchronization

/// What a child is told on the first line of its standard input, as JSON.
public struct ChildTask: Sendable, Hashable, Codable {
  /// The id of the ``ChildScenario``.
  public var scenario: String
  /// What the scenario needs to know.
  public var arguments: [String: String]
  /// The name of the backend in the child's registry.
  public var backend: String
  /// The name of the stack over it.
  public var stack: String
  /// The address of the store; nil if it has none.
  public var url: String?
  /// The namespace of the check.
  public var namespace: String
  /// The folder of the check: an absolute path.
  public var directory: String
  /// Where the child's clock stands, in milliseconds since the Unix epoch; nil if it goes by the system's.
  public var now: Int64?
  /// What everything random in the child follows from.
  public var seed: UInt64
  /// Whether announcing changes is to be on, where it is an option.
  public var announces: Bool?

  /// What a child is to do; see the properties.
  public init(
    scenario: String, arguments: [String: String] = [:], backend: String, stack: String = "plain", url: String? = nil,
    namespace: String, directory: String, now: Int64? = nil, seed: UInt64, announces: Bool? = nil
  ) {
    self.scenario = scenario
    self.arguments = arguments
    self.backend = backend
    self.stack = stack
    self.url = url
    self.namespace = namespace
    self.directory = directory
    self.now = now
    self.seed = seed
    self.announces = announces
  }
}

extension Trial {
  /// Starts a child that plays `scenario` on this check's store, at this check's instant. Killed after the check.
  ///
  /// - Throws: ``Blocked`` if the executable can't be started.
  public func spawn(_ scenario: ChildScenario, _ arguments: [String: String] = [:]) throws -> ChildProcess {
    guard let children else { throw Blocked("no executable is known that could play \(scenario.id)") }
    let task = ChildTask(
      scenario: scenario.id, arguments: arguments, backend: subject.factory.name, stack: subject.stack.name,
      url: environment.url, namespace: environment.namespace, directory: environment.directory,
      now: environment.clock is VirtualClock ? now.millisecondsSinceEpoch : nil, seed: entropy.next(),
      announces: environment.announces ? true : nil)
    trace.note("a child process begins to \(scenario.id)")
    let process = try ChildProcess(children)
    state.withLock { $0.processes.append(process) }
    process.send(try task.line())
    return process
  }

  /// Ends the check unless `child` ends by itself and in order.
  public func finish(_ child: ChildProcess, file: StaticString = #fileID, line: UInt = #line) async throws {
    let exit = await child.wait()
    guard exit != .status(0) else { return }
    let said = child.diagnostics
    fail(
      "a child process did not do its part", expected: "an orderly end",
      found: "it \(exit)" + (said.isEmpty ? "" : ", saying: \(said)"), file: file, line: line)
    throw CheckEnded()
  }
}
