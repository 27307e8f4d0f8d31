public import AuthCache
internal import Foundation
internal import Synchronization

/// One run of one check: a fresh namespace, a clock to move, seeded randomness, and a place to record what is wrong.
public final class Trial: Sendable {
  /// What is checked.
  public let requirement: Requirement
  /// What it is checked on.
  public let subject: Subject
  /// What the subject declared when it was inspected.
  public let declaration: Declaration
  /// Where and how the subject is opened.
  public let environment: BackendEnvironment
  /// The operations so far, in order, for a finding to show.
  public let trace: OperationTrace
  /// Seeded for this check alone.
  public let entropy: SeededEntropy
  /// What everything random in the check follows from.
  public let seed: UInt64
  /// Starts child processes; nil where no executable is known.
  public let children: ChildLauncher?

  let state = Mutex(State())

  struct State {
    var findings: [Finding] = []
    var note: String?
    var handles: [any AuthCacheBackend] = []
    var opened = 0
    var elsewhere: [BackendEnvironment] = []
    var processes: [ChildProcess] = []
  }

  init(
    requirement: Requirement, subject: Subject, declaration: Declaration, environment: BackendEnvironment,
    seed: UInt64, children: ChildLauncher?
  ) {
    self.requirement = requirement
    self.subject = subject
    self.declaration = declaration
    self.environment = environment
    self.seed = seed
    self.children = children
    entropy = SeededEntropy(seed: seed)
    trace = OperationTrace(clock: environment.clock)
  }

  /// What the subject promises.
  public var properties: BackendProperties { declaration.properties }
  /// The optional powers of the subject.
  public var capabilities: Set<Capability> { declaration.capabilities }

  // MARK: Handles

  /// Opens the store: the first time a fresh one, afterwards another handle on it. Closed after the check.
  public func open(clock: (any AuthCacheClock)? = nil) async throws -> any AuthCacheBackend {
    try await open(with: subject.factory.make, clock: clock)
  }

  /// Opens a handle that asks for announcements or does not, whatever the check is about.
  func open(announcing: Bool) async throws -> any AuthCacheBackend {
    try await open(with: subject.factory.make, in: environment.with(announces: announcing))
  }

  /// Opens the same store again after a close.
  public func reopen() async throws -> any AuthCacheBackend {
    guard let reopen = subject.factory.reopen else { throw Blocked("the factory says nothing of reopening") }
    return try await open(with: reopen, clock: nil)
  }

  /// Opens the same backend in a namespace of its own, beside this check's. Closed and removed after the check.
  ///
  /// - Parameter suffix: what its name has besides; the same name is the same place.
  public func openElsewhere(named suffix: String = "_b") async throws -> any AuthCacheBackend {
    let elsewhere = environment.elsewhere(named: suffix)
    try FileManager.default.createDirectory(atPath: elsewhere.directory, withIntermediateDirectories: true)
    state.withLock { state in
      if !state.elsewhere.contains(where: { $0.namespace == elsewhere.namespace }) { state.elsewhere.append(elsewhere) }
    }
    let backend = try await subject.stack.build(try await subject.factory.make(elsewhere), elsewhere)
    state.withLock { $0.handles.append(backend) }
    return backend.intercepted(by: TraceInterceptor(trace: trace, handle: "elsewhere"))
  }

  private func open(
    with make: BackendFactory.Make, clock: (any AuthCacheClock)?
  ) async throws -> any AuthCacheBackend {
    try await open(with: make, in: clock.map { environment.with(clock: $0) } ?? environment)
  }

  private func open(
    with make: BackendFactory.Make, in environment: BackendEnvironment
  ) async throws -> any AuthCacheBackend {
    let bottom = try await make(environment)
    let built = try await subject.stack.build(bottom, environment)
    let number = state.withLock { state in
      state.opened += 1
      state.handles.append(built)
      return state.opened
    }
    return built.intercepted(by: TraceInterceptor(trace: trace, handle: number == 1 ? "" : "handle \(number)"))
  }

  /// Opens what the subject has under its topmost cache; the whole of it if the kit knows of none. Closed after the
  /// check.
  func openBelowCache() async throws -> any AuthCacheBackend {
    let bottom = try await subject.factory.make(environment)
    let below =
      if let layers = subject.stack.layersBelowCache {
        try bottom.under(layers, clock: environment.clock)
      } else {
        try await subject.stack.build(bottom, environment)
      }
    state.withLock { $0.handles.append(below) }
    return below
  }

  // MARK: Time

  /// What the check's clock shows.
  public var now: Timestamp { environment.clock.now }

  /// A life short enough to be waited for on a store with its own clock.
  public var shortLife: Duration {
    switch properties.clock {
    case .injected: .seconds(60)
    case .real(let granularity): max(.milliseconds(500), granularity * 3)
    }
  }

  /// Moves the virtual clock, or waits where the store can't be told the time.
  public func advance(by duration: Duration) async throws {
    trace.note("the clock advances by \(duration.wholeMilliseconds) ms")
    if let virtual = environment.clock as? VirtualClock { return virtual.advance(by: duration) }
    guard case .real(let granularity) = properties.clock else { return }
    try await environment.clock.sleep(for: duration + granularity)
  }

  /// Moves the virtual clock to `instant` exactly, or waits until it has passed on a store with its own clock.
  public func advance(to instant: Timestamp) async throws {
    let remaining = now.duration(to: instant)
    if remaining > .zero { try await advance(by: remaining) }
  }

  // MARK: Findings

  /// Everything recorded so far.
  public var findings: [Finding] { state.withLock { $0.findings } }

  /// What was measured on the way, in one sentence; the report has it beside the outcome. The latest counts.
  public var note: String? { state.withLock { $0.note } }

  /// Records what was measured.
  public func measured(_ note: String) {
    trace.note("measured: \(note)")
    state.withLock { $0.note = note }
  }

  /// Records a breach and goes on.
  public func fail(
    _ message: String, expected: String? = nil, found: String? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let finding = Finding(
      message: message, expected: expected, found: found, operations: trace.lines(),
      likelyCause: requirement.likelyCause, file: "\(file)", line: Int(line))
    state.withLock { $0.findings.append(finding) }
  }
}
