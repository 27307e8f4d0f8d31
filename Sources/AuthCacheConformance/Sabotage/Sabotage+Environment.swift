internal import AuthCache

extension Sabotage {
  /// Sabotages the calls of one handle.
  init(on environment: BackendEnvironment, _ answer: @escaping Answer) {
    self.init(clock: environment.clock, declare: { $0 }, answer: answer)
  }

  /// Declares what is not so, and does nothing else wrong.
  init(on environment: BackendEnvironment, declaring change: @escaping @Sendable (inout BackendProperties) -> Void) {
    self.init(
      clock: environment.clock,
      declare: { properties in
        var changed = properties
        change(&changed)
        return changed
      })
  }
}
