/// What a proxy does to the connections that it takes.
struct ProxyRules {
  var delay: Duration = .zero
  /// One byte at a time.
  var isCrumbling = false
  /// The server's bytes one at a time, and so long apart.
  var drip: Duration?
  var isStalled = false
  var cut: ProxyCut?
}

/// A connection that is going to be broken at its next statement.
package struct ProxyCut: Sendable {
  package enum Point: Sendable {
    /// The server never sees the statement.
    case beforeServer
    /// The server has carried it out and answered, and the client never sees the answer.
    case afterServer
  }

  let point: Point
  let text: [UInt8]?

  /// How long both sides must have been silent before the statement counts as carried out.
  static let silence: Duration = .milliseconds(30)

  func concerns(_ bytes: [UInt8], wasOpen: Bool) -> Bool {
    guard let text else { return wasOpen }
    return text.isEmpty || bytes.indices.contains { bytes[$0...].starts(with: text) }
  }
}
