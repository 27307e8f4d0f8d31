internal import Synchronization

/// What a proxy has done so far, for its thread to count and for all to read.
final class ProxyTally: Sendable {
  struct Numbers {
    var arrivals: [ContinuousClock.Instant] = []
    var cuts = 0
    var sent = 0
  }

  private let numbers = Mutex(Numbers())

  var now: Numbers { numbers.withLock { $0 } }

  func count(_ change: (inout Numbers) -> Void) { numbers.withLock { change(&$0) } }
}
