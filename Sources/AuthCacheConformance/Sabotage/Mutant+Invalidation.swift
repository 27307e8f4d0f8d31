internal import AuthCache
internal import Foundation
internal import Synchronization

extension Mutant {
  static let invalidation: [Mutant] = misannouncing + mislistening + apart

  private static let misannouncing: [Mutant] = [
    announcing("announces-nothing", "No change is announced.", boundTo: announced, alsoBreaks: everything) { _, _ in []
    },
    announcing("extends-in-silence", "A record that is extended is not announced.", boundTo: announced) {
      if case .extend = $0 { [] } else { Invalidation.changes(by: $0, answered: $1) }
    },
    announcing(
      "announces-to-its-own-handle", "A change is announced to those who listen to the same handle.",
      boundTo: announced, alsoBreaks: everything, reach: .handle),
    announcing(
      "announces-to-its-own-process", "A change is announced to those who listen in the same process.",
      boundTo: "invalidation.process.announced",
      alsoBreaks: [
        "invalidation.process.cacheFollows", "invalidation.process.lostSource", "invalidation.close.endsSubscriptions",
      ], reach: .process),
    Mutant(
      "announces-for-those-who-ask", "A handle announces its changes if it was opened to announce.",
      boundTo: "invalidation.writer.unasked"
    ) { name in
      let silent = Memo<Set<Lookup>>([])
      return BackendFactory(
        journal: name,
        opening: { environment in
          let backend = try Journal.announcingBackend(environment) { entry in
            !(entry.put ?? []).compactMap(\.record).contains { record in silent.with { $0.contains(record.id) } }
          }
          guard !environment.announces else { return backend }
          return backend.intercepted(
            by: Sabotage(
              clock: environment.clock,
              answer: { call, _, proceed async throws(AuthCacheError) in
                if case .store(let record) = call { silent.with { _ = $0.insert(record.id) } }
                return try await proceed(call)
              }))
        })
    },
    Mutant(
      "folds-one-side-of-its-name", "Who announces folds the name of the channel, and who listens does not.",
      boundTo: "invalidation.namespace.anyCase"
    ) { name in
      BackendFactory(
        journal: name,
        opening: { environment in
          let isFolded = environment.namespace != environment.namespace.lowercased()
          return try Journal.announcingBackend(environment) { _ in !isFolded }
        })
    },
    announcing(
      "announces-ids-alone", "A change is announced under the record's id alone.",
      boundTo: "invalidation.alias.announced"
    ) {
      Invalidation.changes(by: $0, answered: $1).filter {
        if case .record(let lookup) = $0 { lookup.field == .id } else { true }
      }
    },
    announcing(
      "removes-groups-in-silence", "The removal of a group is not announced.", boundTo: "invalidation.group.announced"
    ) {
      if case .removeAll = $0 { [] } else { Invalidation.changes(by: $0, answered: $1) }
    },
    announcing(
      "bulk-removes-in-silence", "What is removed in bulk is not announced.", boundTo: "invalidation.bulk.announced"
    ) {
      if case .removeContents = $0 { [] } else { Invalidation.changes(by: $0, answered: $1) }
    },
    announcing(
      "announces-one-of-a-batch", "Of what is stored in bulk the first is announced.",
      boundTo: "invalidation.bulk.announced", alsoBreaks: ["invalidation.group.announced"]
    ) {
      guard case .storeContents(let records) = $0 else { return Invalidation.changes(by: $0, answered: $1) }
      return records.prefix(1).flatMap(Invalidation.changes(of:))
    },
    announcing(
      "announces-before-the-commit", "A change is announced before it is made.",
      boundTo: "invalidation.change.afterCommit", alsoBreaks: ["invalidation.cache.neverStale"], isEarly: true),
    Mutant(
      "announces-every-other-replace", "A replace soon after another is taken for told.",
      boundTo: "invalidation.cache.neverStale"
    ) { name in
      BackendFactory(name) { environment in
        let replaced = Memo<Set<Lookup>>([])
        return announcing(on: environment) { call, answer in
          guard case .replace(_, let next) = call, answer == .flag(true) else {
            return Invalidation.changes(by: call, answered: answer)
          }
          let isFirst = replaced.with { $0.insert(next.id).inserted || $0.remove(next.id) == nil }
          return isFirst ? Invalidation.changes(of: next) : []
        }
      }
    },
  ]

  private static let mislistening: [Mutant] = [
    subscribing(
      "first-word-is-no-gap", "A subscription begins as if nothing had happened before.",
      boundTo: "invalidation.subscription.beginsWithGap"
    ) { hub, _ in
      let isFirst = Memo(true)
      return try hub.subscribe().mapped { invalidation in
        let wasFirst = isFirst.with { isFirst in
          defer { isFirst = false }
          return isFirst
        }
        return wasFirst ? .record(.id(.state, RecordDigest(words: (0, 0, 0, 0)))) : invalidation
      }
    },
    subscribing(
      "one-subscriber-at-a-time", "A new subscriber takes the place of the one before.",
      boundTo: "invalidation.subscription.hearsFromNowOn",
      alsoBreaks: ["invalidation.subscription.endsWithItsTask"]
    ) { hub, _ in
      let stream = try hub.subscribe()
      let number = hub.latest.with { latest in
        latest += 1
        return latest
      }
      return stream.mapped { hub.latest.with { $0 } == number || $0 == .gap ? $0 : nil }
    },
    subscribing(
      "each-subscription-keeps-a-file", "The file that a subscription reads stays open when it ends.",
      boundTo: "invalidation.subscription.endsWithItsTask"
    ) { hub, environment in
      let path = "\(environment.directory)/announcements"
      if !FileManager.default.fileExists(atPath: path) {
        guard FileManager.default.createFile(atPath: path, contents: nil) else { throw Blocked("no file can be made") }
      }
      let file = FileHandle(forReadingAtPath: path)
      hub.files.with { $0.append(file) }
      return try hub.subscribe()
    },
    subscribing(
      "listens-on-when-cancelled", "A cancelled task waits for the next announcement.",
      boundTo: "invalidation.subscription.endsWithItsTask"
    ) { hub, _ in
      let iterator = Memo(try hub.subscribe().makeAsyncIterator())
      return InvalidationStream { () async throws(AuthCacheError) in
        let own = iterator.with { $0 }
        let next = Task { () async -> Result<Invalidation?, AuthCacheError> in
          var own = own
          do throws(AuthCacheError) { return .success(try await own.next()) } catch { return .failure(error) }
        }
        return try await next.value.get()
      }
    },
    announcing(
      "listens-on-when-closed", "Closing leaves those who listen waiting.",
      boundTo: "invalidation.close.endsSubscriptions", isClosing: false),
    subscribing(
      "drops-what-is-too-much", "What a slow subscriber has no room for is dropped.",
      boundTo: "invalidation.overflow.isGap"
    ) { hub, _ in
      let isFirst = Memo(true)
      return try hub.subscribe().mapped { invalidation in
        let wasFirst = isFirst.with { isFirst in
          defer { isFirst = false }
          return isFirst
        }
        return wasFirst || invalidation != .gap ? invalidation : nil
      }
    },
  ]

  /// Mistakes that show only between processes.
  private static let apart: [Mutant] = [
    Mutant(
      "hears-no-batches-of-others", "What another process stored or removed in bulk is not announced.",
      boundTo: "invalidation.process.cacheFollows"
    ) { name in
      BackendFactory(
        journal: name,
        opening: { environment in
          try Journal.announcingBackend(environment) { entry in
            let isBatch = entry.put?.count ?? 0 > 1 || entry.take?.count ?? 0 > 1
            return !(isBatch && ChildScenario.isPlayed.load(ordering: .acquiring))
          }
        })
    },
    Mutant(
      "takes-up-where-it-lost-the-news", "A cache that hears again goes on as if it had missed nothing.",
      boundTo: "invalidation.process.lostSource"
    ) { name in
      BackendFactory(journal: name, opening: { try Journal.announcingBackend($0) })
        .layered(
          by: LayerFactories(cache: { parts in
            parts.reference(ChildScenario.isPlayed.load(ordering: .acquiring) ? .overhearsGaps : nil)
          }))
    },
  ]

  private static let announced = "invalidation.change.announced"
  private static let everything: Set<String> = Set(Requirement.invalidation.map(\.id))
}

// MARK: - Announcing by hand

/// Whom an announcement reaches.
enum AnnouncementReach { case handle, process }

/// The subscribers of one store, and what those remember who get them wrong.
final class MistakenHub: Sendable {
  let hub = InvalidationHub()
  let latest = Memo(0)
  let files = Memo<[FileHandle?]>([])

  func subscribe() throws(AuthCacheError) -> InvalidationStream { try hub.subscribe() }
}

extension InvalidationStream {
  /// These announcements after `change`; nil for none.
  fileprivate func mapped(_ change: @escaping @Sendable (Invalidation) -> Invalidation?) -> InvalidationStream {
    let iterator = Memo(makeAsyncIterator())
    return InvalidationStream { () async throws(AuthCacheError) in
      var own = iterator.with { $0 }
      while let invalidation = try await own.next() {
        if let changed = change(invalidation) { return changed }
      }
      return nil
    }
  }
}

extension Mutant {
  typealias Announce = @Sendable (BackendCall, BackendAnswer) -> [Invalidation]

  /// A memory backend that announces what `announce` says.
  private static func announcing(
    _ name: String, _ mistake: String, boundTo id: String, alsoBreaks: Set<String> = [], isEarly: Bool = false,
    isClosing: Bool = true, announce: @escaping Announce = Invalidation.changes
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id, alsoBreaks: alsoBreaks) { name in
      BackendFactory(name) { environment in
        announcing(on: environment, isEarly: isEarly, isClosing: isClosing, announce: announce)
      }
    }
  }

  /// A shared store whose announcements reach some.
  private static func announcing(
    _ name: String, _ mistake: String, boundTo id: String, alsoBreaks: Set<String> = [], reach: AnnouncementReach
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id, alsoBreaks: alsoBreaks) { name in
      let hubs = Memo<[String: InvalidationHub]>([:])
      return BackendFactory(
        journal: name,
        opening: { environment in
          let hub =
            switch reach {
            case .handle: InvalidationHub()
            case .process:
              hubs.with { hubs in
                let hub = hubs[environment.namespace] ?? InvalidationHub()
                hubs[environment.namespace] = hub
                return hub
              }
            }
          return try Journal.backend(environment).intercepted(by: Announcer(hub, closes: reach == .handle))
            .announced { () async throws(AuthCacheError) in try hub.subscribe() }
        })
    }
  }

  /// A memory backend with subscriptions of another sort.
  private static func subscribing(
    _ name: String, _ mistake: String, boundTo id: String, alsoBreaks: Set<String> = [],
    subscribe: @escaping @Sendable (MistakenHub, BackendEnvironment) throws -> InvalidationStream
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id, alsoBreaks: alsoBreaks) { name in
      BackendFactory(name) { environment in
        let hub = MistakenHub()
        return MemoryBackend(clock: environment.clock).intercepted(by: Announcer(hub.hub))
          .announced { () async throws(AuthCacheError) in
            do { return try subscribe(hub, environment) } catch let error as AuthCacheError { throw error } catch {
              throw AuthCacheError(.unavailable, operation: .invalidations, "\(error)")
            }
          }
      }
    }
  }

  private static func announcing(
    on environment: BackendEnvironment, isEarly: Bool = false, isClosing: Bool = true, announce: @escaping Announce
  ) -> any AuthCacheBackend {
    let hub = InvalidationHub()
    return MemoryBackend(clock: environment.clock)
      .intercepted(by: Announcer(hub, isEarly: isEarly, closes: isClosing, announce: announce))
      .announced { () async throws(AuthCacheError) in try hub.subscribe() }
  }
}

/// Announces calls once they are answered.
private struct Announcer: BackendInterceptor {
  let hub: InvalidationHub
  /// It announces what it is about to do.
  let isEarly: Bool
  let closes: Bool
  let announce: Mutant.Announce

  init(
    _ hub: InvalidationHub, isEarly: Bool = false, closes: Bool = true,
    announce: @escaping Mutant.Announce = Invalidation.changes
  ) {
    (self.hub, self.isEarly, self.closes, self.announce) = (hub, isEarly, closes, announce)
  }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if isEarly {
      hub.announce { announce(call, .flag(true)) }
      try? await Task.sleep(for: .milliseconds(2))
      return try await proceed(call)
    }
    let answer = try await proceed(call)
    hub.announce { announce(call, answer) }
    if closes, case .close = call { hub.close() }
    return answer
  }
}
