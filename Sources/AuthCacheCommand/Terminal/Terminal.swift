internal import AuthCacheConformance

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a stream leads to: a terminal that can move its cursor, or something that takes lines.
struct Terminal: Sendable {
  let output: Output
  /// It has a cursor that can be moved.
  let isLive: Bool
  let isColoured: Bool

  init(_ output: Output, environment: [String: String] = Invocation.current.environment) {
    self.output = output
    let isTerminal = isatty(output.descriptor) == 1
    let isDumb = environment["TERM"].map { $0 == "dumb" || $0.isEmpty } ?? true
    isLive = isTerminal && !isDumb
    // https://no-color.org: any value that is not empty.
    isColoured = isLive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  var style: TextStyle { isColoured ? .terminal : .plain }

  /// The number of columns; 80 where it can't be asked.
  var width: Int {
    var size = winsize()
    guard ioctl(output.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
