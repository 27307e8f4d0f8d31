internal import AuthCache
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A store in one file: every change is a line at its end, and every handle, of whatever process, replays the lines.
///
/// What the sabotage of shared and lasting stores is made over. Slow, obvious, and never in a server. One flock(2) is
/// held for each call, so a call takes effect at one instant; a line cut short by a crash never happened.
final class Journal: BackendInterceptor {
  private struct State {
    var file: Int32?
    var model: ReferenceModel
    var offset = 0
  }

  static let properties = BackendProperties(aliases: true, durability: .process, shared: true)

  private let clock: any AuthCacheClock
  private let cut: String
  private let state: Mutex<State>

  init(_ environment: BackendEnvironment) throws {
    clock = environment.clock
    cut = Self.cutPath(environment)
    let path = Self.path(environment)
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Blocked("the journal can't be opened: \(String(cString: strerror(errno)))") }
    state = Mutex(State(file: file, model: ReferenceModel(properties: Self.properties)))
  }

  deinit { state.withLock { if let file = $0.file { close(file) } } }

  /// A backend that keeps the whole contract, over a journal of the environment's folder.
  static func backend(_ environment: BackendEnvironment) throws -> any AuthCacheBackend {
    ReferenceBackend(clock: environment.clock, properties: properties).intercepted(by: try Journal(environment))
  }

  static func path(_ environment: BackendEnvironment) -> String {
    "\(environment.directory)/\(environment.namespace).journal"
  }

  /// While there is a file of this name, nothing is answered.
  static func cutPath(_ environment: BackendEnvironment) -> String { path(environment) + ".cut" }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    try state.withLock { state throws(AuthCacheError) in
      if case .close = call {
        if let file = state.file { close(file) }
        state.file = nil
        return .done
      }
      guard let file = state.file else {
        throw AuthCacheError(.closed, operation: call.operation, kind: call.kind, "the journal has been closed")
      }
      guard access(cut, F_OK) != 0 else {
        throw AuthCacheError(.unavailable, operation: call.operation, kind: call.kind, "the journal is cut off")
      }
      flock(file, LOCK_EX)
      defer { flock(file, LOCK_UN) }
      try Self.catchUp(&state, file, call)
      let now = clock.now
      let answer = try state.model.perform(call, at: now)
      if let entry = JournalEntry(call, answer, at: now) { try Self.append(entry, &state, file, call) }
      return answer
    }
  }

  /// Replays the lines that others added, and cuts off what is not a whole line.
  private static func catchUp(_ state: inout State, _ file: Int32, _ call: BackendCall) throws(AuthCacheError) {
    let end = Int(lseek(file, 0, SEEK_END))
    guard end > state.offset else { return }
    var bytes = [UInt8](repeating: 0, count: end - state.offset)
    guard pread(file, &bytes, bytes.count, off_t(state.offset)) == bytes.count else { throw failure(call) }
    for line in bytes[..<(bytes.lastIndex(of: newline) ?? 0)].split(separator: newline) {
      guard let entry = JournalEntry(line: line) else {
        throw AuthCacheError(.corrupt, operation: call.operation, "a line of the journal can't be read")
      }
      entry.replay(on: &state.model)
    }
    let whole = bytes.lastIndex(of: newline).map { $0 + 1 } ?? 0
    state.offset += whole
    if whole < bytes.count { ftruncate(file, off_t(state.offset)) }
  }

  private static func append(
    _ entry: JournalEntry, _ state: inout State, _ file: Int32, _ call: BackendCall
  ) throws(AuthCacheError) {
    let line = entry.line + [newline]
    guard pwrite(file, line, line.count, off_t(state.offset)) == line.count else { throw failure(call) }
    state.offset += line.count
  }

  private static func failure(_ call: BackendCall) -> AuthCacheError {
    AuthCacheError(.unavailable, effect: .unknown, operation: call.operation, "the journal can't be read or written")
  }

  private static let newline = UInt8(ascii: "\n")
}
