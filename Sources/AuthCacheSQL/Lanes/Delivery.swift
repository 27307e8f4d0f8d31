/// Hands out the answers to a batch.
///
/// Where a lane resumes one task after the other, the first one takes the processor from it, ends, and is woken anew
/// for the next: two switches for each request. Those who wake too early wait here until all have their answer.
final class Delivery: Sendable {
  private let gate = Monitor(())

  /// So many are kept waiting for each other.
  private static let limit = 64

  static func deliver(_ requests: [LaneRequest]) {
    for start in stride(from: 0, to: requests.count, by: limit) {
      let delivery = Delivery()
      delivery.gate.withLock { _ in
        for request in requests[start..<min(start + limit, requests.count)] { request.deliver(with: delivery) }
      }
    }
  }

  /// Returns once all have their answer.
  func wait() { gate.withLock { _ in } }
}
