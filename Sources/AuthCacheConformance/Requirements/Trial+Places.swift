extension Trial {
  /// Removes the check's namespace, as is done after every check.
  func destroyNamespace() async throws {
    guard let destroy = subject.factory.destroy else { throw Blocked("the factory can't remove a namespace") }
    trace.note("the namespace is removed")
    try await destroy(environment)
  }
}
