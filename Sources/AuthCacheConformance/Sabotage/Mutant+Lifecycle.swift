internal import AuthCache
internal import Foundation

extension Mutant {
  static let lifecycle: [Mutant] = declarations + openings

  private static let declarations: [Mutant] = [
    Mutant(
      "properties-change", "A backend thinks less of itself once it has stored something.",
      boundTo: "lifecycle.properties.constant"
    ) { environment in
      let hasStored = Memo(false)
      return Sabotage(
        clock: environment.clock,
        declare: { properties in
          var changed = properties
          if hasStored.with({ $0 }) { changed.consistency = .readYourWrites }
          return changed
        },
        answer: { call, _, proceed async throws(AuthCacheError) in
          if case .store = call { hasStored.with { $0 = true } }
          return try await proceed(call)
        })
    },
    Mutant("capability-lost", "A capability got lost.", boundTo: "lifecycle.declaration.pins") { name in
      BackendFactory(name, expecting: [.bulk, .group, .listing, .invalidation]) { environment in
        ReferenceBackend(clock: environment.clock)
      }
    },
    Mutant(
      "shared-by-name-only", "The records lie in the handle, which declares that it shares them.",
      boundTo: "lifecycle.declaration.shared",
      alsoBreaks: [
        "code.consume.onceAcrossHandles", "record.store.visibleAcrossHandles", "record.remove.goneAcrossHandles",
        "code.consume.onceAcrossProcesses", "lifecycle.open.idempotent", "lifecycle.open.atOnce",
        "lifecycle.open.atOnceInProcesses", "backend.close.leavesOtherHandles", "expiry.sweep.onceAcrossHandles",
        linearizableAcrossHandles, linearizableAcrossProcesses,
      ]
    ) { environment in
      Sabotage(on: environment) { $0.shared = true }
    },
    Mutant(
      "payload-limit-too-low", "Less than 64 KiB are declared, and no more is taken.",
      boundTo: "lifecycle.declaration.maxPayload"
    ) { name in
      BackendFactory(name) { environment in
        MemoryBackend(configuration: .init(maxPayload: 60_000), clock: environment.clock)
      }
    },
    Mutant(
      "far-ends-are-long-past",
      "An end more than thirty days ahead of the server's own clock is taken for one long past.",
      boundTo: "lifecycle.declaration.clock"
    ) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load = call, case .record(let found?) = answer, let end = found.expiresAt,
        end > SystemClock().now + .seconds(30 * 86_400), end < SystemClock().now + .seconds(365 * 86_400)
      else { return answer }
      return .record(nil)
    },
    Mutant(
      "listing-by-name-only", "A wrapper conforms to the listing although what it wraps does not.",
      boundTo: "lifecycle.declaration.capabilities",
      alsoBreaks: [
        "client.close.refusesListing", "expiry.instant.list", "client.list.all",
        "client.list.pages", "client.list.afterAbsent", "client.list.bytesOrder", "client.list.kindsApart",
        "client.list.survivesWrites", "client.list.badLimit",
      ]
    ) { call, _, proceed async throws(AuthCacheError) in
      if case .records = call {
        throw AuthCacheError(.unsupported, operation: .records, kind: call.kind, "what is wrapped has no listing")
      }
      return try await proceed(call)
    },
  ]

  private static let openings: [Mutant] = [
    Mutant(
      "fifth-opening-creates-anew", "The schema is created anew at the fifth opening.",
      boundTo: "lifecycle.open.idempotent",
      alsoBreaks: [
        "lifecycle.open.atOnce", "lifecycle.open.atOnceInProcesses", "durability.crash.consumedStaysConsumed",
      ]
    ) { name in
      BackendFactory(
        journal: name,
        opening: { environment in
          let backend = try Journal.backend(environment)
          let mark = Data([UInt8(ascii: "x")])
          let path = environment.directory + "/openings"
          let count = ((try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()) + mark
          try count.write(to: URL(fileURLWithPath: path))
          if count.count == 5 { try await empty(backend) }
          return backend
        })
    },
    Mutant(
      "schema-tested-then-created", "That the schema is missing is tested in one call and it is created in another.",
      boundTo: "lifecycle.open.atOnce", alsoBreaks: ["lifecycle.open.atOnceInProcesses"]
    ) { name in
      BackendFactory(
        journal: name,
        opening: { environment in
          let isMissing = !FileManager.default.fileExists(atPath: Journal.path(environment))
          // The others look too; then the first has stored something.
          for _ in 0..<6 { await Task.yield() }
          if isMissing { try await Task.sleep(for: .milliseconds(2)) }
          let backend = try Journal.backend(environment)
          for _ in 0..<20 { await Task.yield() }
          if isMissing { try await empty(backend) }
          return backend
        })
    },
    Mutant(
      "schema-created-under-a-lock-of-the-process",
      "The schema is created under a lock that other processes do not see.",
      boundTo: "lifecycle.open.atOnceInProcesses"
    ) { name in
      BackendFactory(
        journal: name,
        opening: { environment in
          let namespace = environment.namespace
          let isFirst = namespacesOpened.with { opened in
            defer { if opened[namespace] == nil { opened[namespace] = false } }
            return opened[namespace] == nil
          }
          while !isFirst, namespacesOpened.with({ $0[namespace] }) != true { await Task.yield() }
          let isMissing = isFirst && !FileManager.default.fileExists(atPath: Journal.path(environment))
          // Longer than a process is kept waiting for its turn, and for each process differently.
          if isMissing { try await Task.sleep(for: .milliseconds(10 + Int(getpid() % 4) * 15)) }
          let backend = try Journal.backend(environment)
          if isMissing { try await empty(backend) }
          namespacesOpened.with { $0[namespace] = true }
          return backend
        })
    },
    Mutant(
      "batch-never-full", "A sweep removes one record less than it may.", boundTo: "lifecycle.sweep.drains",
      alsoBreaks: ["expiry.sweep.limit"]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .removeExpired(let cutoff, let limit) = call, limit > 1 else { return try await proceed(call) }
      return try await proceed(.removeExpired(through: cutoff, limit: limit - 1))
    },
    Mutant("destroyed-in-part", "Only one of several files is removed.", boundTo: "lifecycle.destroy.leavesNothing") {
      BackendFactory(journal: $0, destroying: false)
    },
  ]

  private static let namespacesOpened = Memo<[String: Bool]>([:])

  /// Removes everything, as a schema that is dropped and created does.
  private static func empty(_ backend: any AuthCacheBackend) async throws {
    guard let listing = backend as? any ListingBackend else { return }
    for kind in RecordKind.standard {
      for record in try await listing.records(of: kind, after: nil, limit: 10_000) {
        _ = try await backend.remove(record.id)
      }
    }
  }
}
