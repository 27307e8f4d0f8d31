import AuthCache
import Synchronization

/// A value that several tasks set and read.
final class Collected<Value: Sendable>: Sendable {
  private let content: Mutex<Value>
  init(_ value: Value) { content = Mutex(value) }
  var value: Value { content.withLock { $0 } }
  func set(_ value: Value) { content.withLock { $0 = value } }
  func change(_ body: (inout Value) -> Void) {
    content.withLock { value in body(&value) }
  }
}
