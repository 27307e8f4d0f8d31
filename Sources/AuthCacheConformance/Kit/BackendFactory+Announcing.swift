extension BackendFactory {
  /// The same backend as `NAME-announcing`: announcing changes is on for every check, and not only for those about it.
  package var announcing: BackendFactory {
    BackendFactory(
      name + "-announcing", expecting: expecting, embedded: embedded, schemes: schemes, ephemeral: ephemeral,
      reopen: reopen.map(Self.announcing), destroy: destroy, faults: faults, probe: probe, server: server,
      make: Self.announcing(make)
    )
    .layered(by: layers)
  }

  private static func announcing(_ make: @escaping Make) -> Make {
    { environment in
      try await make(
        BackendEnvironment(
          namespace: environment.namespace, clock: environment.clock, directory: environment.directory,
          url: environment.url, logger: environment.logger, announces: true))
    }
  }
}
