#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How a child ended.
public enum ChildExit: Sendable, Hashable, CustomStringConvertible {
  /// It ended by itself, with this exit status.
  case status(Int32)
  /// By a signal: it crashed, or somebody killed it.
  case signal(Int32)

  /// What waitpid(2) reports; the macros that take it apart are not visible in Swift.
  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7F
    self = signal == 0 ? .status((waitStatus >> 8) & 0xFF) : .signal(signal)
  }

  public var description: String {
    switch self {
    case .status(let status): "ended with status \(status)"
    case .signal(let signal): "was ended by \(Self.name(of: signal))"
    }
  }

  private static func name(of signal: Int32) -> String {
    switch signal {
    case SIGKILL: "SIGKILL"
    case SIGTERM: "SIGTERM"
    case SIGSEGV: "SIGSEGV, a crash"
    case SIGBUS: "SIGBUS, a crash"
    case SIGILL: "SIGILL, a crash"
    case SIGTRAP: "SIGTRAP, a crash"
    case SIGABRT: "SIGABRT, a crash"
    case SIGPIPE: "SIGPIPE"
    default: "signal \(signal)"
    }
  }
}
