internal import Foundation

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A process just started with posix_spawn(3), and this side's ends of its three streams.
struct Spawned {
  let id: Int32
  let input: Int32
  let output: Int32
  let errors: Int32

  /// - Parameter apart: In a session of its own, so that neither a Ctrl-C nor the end of the terminal or of this process
  ///   sends it a signal.
  init(_ executable: String, _ words: [String], apart: Bool = false) throws {
    var ends: [Int32] = []
    do {
      for _ in 0..<3 { ends += try Self.streamPair() }
      id = try Self.spawn(executable, words, streams: [ends[0], ends[2], ends[4]], apart: apart)
    } catch {
      for end in ends { close(end) }
      throw error
    }
    for theirs in [ends[0], ends[2], ends[4]] { close(theirs) }
    (input, output, errors) = (ends[1], ends[3], ends[5])
  }

  #if canImport(Darwin)
  private static let newSession = Int32(POSIX_SPAWN_SETSID)
  #else
  /// POSIX_SPAWN_SETSID, which both C libraries define for GNU sources only.
  private static let newSession: Int32 = 0x80
  #endif

  private static func spawn(
    _ executable: String, _ words: [String], streams: [Int32], apart: Bool
  ) throws -> Int32 {
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #else
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    for (number, end) in streams.enumerated() { posix_spawn_file_actions_adddup2(&actions, end, Int32(number)) }

    // Signals as a shell would hand them on, whatever the thread that spawns has blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    if apart { flags |= newSession }
    #if canImport(Darwin)
    flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
    #endif
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var arguments: [UnsafeMutablePointer<CChar>?] = ([executable] + words).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      Self.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var id: pid_t = 0
    let result = posix_spawn(&id, executable, &actions, &attributes, &arguments, &variables)
    guard result == 0 else {
      throw Blocked("no child process: \(executable) can't be started: \(String(cString: strerror(result)))")
    }
    return id
  }

  /// Without the addresses of stores, which may hold a password: a child is told its own on its standard input.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { !($0.key.hasPrefix("AUTHCACHE_") && $0.key.hasSuffix("_URL")) }
  }

  /// Two ends of one stream that no other child inherits. A socket, because writing to one whose reader is gone can be
  /// kept from raising SIGPIPE, and because it can be closed on exec from the start.
  private static func streamPair() throws -> [Int32] {
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #elseif canImport(Musl)
    let type = SOCK_STREAM | SOCK_CLOEXEC
    #else
    let type = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw Blocked("no child process: socketpair failed: \(String(cString: strerror(errno)))")
    }
    #if canImport(Darwin)
    var on: Int32 = 1
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    #endif
    return ends
  }

  #if canImport(Darwin)
  private static let sendFlags: Int32 = 0
  #else
  private static let sendFlags = Int32(MSG_NOSIGNAL)
  #endif

  /// Writes every byte, or gives up if the reader is gone.
  static func sendWhole(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = send(socket, rest.baseAddress, rest.count, sendFlags)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
    return true
  }
}
