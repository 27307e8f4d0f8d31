internal import AuthCache
internal import Foundation

extension BackendFactory {
  /// A store in one file that keeps the whole contract: shared, lasting, and open to every hook of the kit.
  package static let journal = BackendFactory(journal: "journal")

  /// A journal, the calls on which go through `sabotage`.
  ///
  /// - Parameters:
  ///   - sabotage: Makes the interceptor of one handle.
  ///   - opening: Opens the journal, instead of just doing so.
  ///   - reopening: Does something wrong before the store is opened again.
  ///   - destroying: Whether anything is removed when the namespace is.
  ///   - probing: Changes what is seen in the store.
  init(
    journal name: String, expecting: Set<Capability> = [],
    sabotage: (@Sendable (BackendEnvironment) throws -> any BackendInterceptor)? = nil,
    opening: Make? = nil, reopening: Hook? = nil, destroying: Bool = true,
    probing: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
  ) {
    let open: Make = { environment in
      let backend = try await opening?(environment) ?? Journal.backend(environment)
      guard let sabotage else { return backend }
      return backend.intercepted(by: try sabotage(environment))
    }
    self.init(
      name, expecting: expecting,
      reopen: { environment in
        try await reopening?(environment)
        return try await open(environment)
      },
      destroy: { environment in
        if destroying { try? FileManager.default.removeItem(atPath: Journal.path(environment)) }
      },
      faults: Faults(
        cut: { environment in try Data().write(to: URL(fileURLWithPath: Journal.cutPath(environment))) },
        restore: { environment in try FileManager.default.removeItem(atPath: Journal.cutPath(environment)) },
        corrupt: { environment in try await Self.corrupt(environment) }),
      probe: { environment in
        [probing([UInt8](try Data(contentsOf: URL(fileURLWithPath: Journal.path(environment)))))]
      },
      make: open)
  }

  /// Overwrites every payload with as many other bytes.
  private static func corrupt(_ environment: BackendEnvironment) async throws {
    let backend = try Journal.backend(environment)
    for kind in RecordKind.standard {
      guard let listing = backend as? any ListingBackend else { return }
      for record in try await listing.records(of: kind, after: nil, limit: 10_000) {
        let payload = Payload(record.payload.bytes.map { ~$0 })
        try await backend.store(record.replacing(revision: record.revision, payload: payload))
      }
    }
    try await backend.close()
  }
}

extension Mutant {
  /// A journal, the calls on which go through `sabotage`: for mistakes of shared and lasting stores.
  static func journal(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    sabotage: @escaping @Sendable (BackendEnvironment) throws -> any BackendInterceptor
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { name in
      BackendFactory(journal: name, sabotage: sabotage)
    }
  }

  /// A journal with one operation done wrong, where the mistake needs no memory of its own.
  static func journal(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    answer: @escaping Sabotage.Answer
  ) -> Mutant {
    journal(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { environment in
      Sabotage(clock: environment.clock, answer: answer)
    }
  }
}
