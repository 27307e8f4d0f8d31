/// Starts tasks that outlive the call that needs them: a shared fill, a flush, a drain.
///
/// Whatever starts a task takes a spawner, so that tests can decide when the task runs. A server uses
/// ``UnstructuredTasks``.
public protocol TaskSpawner: Sendable {
  /// Starts `work`, which sees the task-local values of the caller and is not cancelled with it.
  @discardableResult
  func spawn<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) -> Task<Success, Never>
}

/// Starts unstructured tasks on the system's own executor.
public struct UnstructuredTasks: TaskSpawner {
  /// Starts tasks as `Task { }` does.
  public init() {}

  @discardableResult
  public func spawn<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) -> Task<Success, Never> {
    Task { await work() }
  }
}

extension TaskSpawner where Self == UnstructuredTasks {
  /// Unstructured tasks on the system's own executor.
  public static var unstructured: UnstructuredTasks { UnstructuredTasks() }
}
