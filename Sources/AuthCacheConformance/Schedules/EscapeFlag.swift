internal import Synchronization

/// Goes up when work of any schedule of an exploration ran elsewhere, and stays up: some of it is seen only after its own
/// schedule has ended.
final class EscapeFlag: Sendable {
  private let state = Atomic(false)
  var isUp: Bool { state.load(ordering: .acquiring) }
  func raise() { state.store(true, ordering: .releasing) }
}
