internal import AuthCache

extension Requirement {
  static let clients: [Requirement] = [
    Requirement(
      "client.list.all", .clients,
      "Listing answers every live record of the kind, once, in ascending order of digest.",
      consequence: "An administrator does not see a registered client.",
      likelyCause: "The order is that of a collation or of insertion.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let clients = (0..<40).map { _ in trial.record(.client, life: nil) }
      for client in clients { try await backend.store(client) }
      try await backend.store(trial.record(.session))
      let page = try await trial.listing(backend).records(of: .client, after: nil, limit: 1_000)
      trial.expect(page, equals: clients.sorted { $0.digest < $1.digest }, "all clients, by ascending digest")
    },
    Requirement(
      "client.list.pages", .clients,
      "Pages join without gap or overlap: `after` is exclusive and `limit` is kept.",
      consequence: "A client is missing or doubled at the edge of every page.",
      likelyCause: "The page starts at its key instead of after it, or at an offset.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let clients = (0..<23).map { _ in trial.record(.client, life: nil) }.sorted { $0.digest < $1.digest }
      for client in clients.reversed() { try await backend.store(client) }
      for limit in [1, 5, 22, 23, 24, Int.max] {
        var (seen, after): ([Record], RecordDigest?) = ([], nil)
        for _ in 0...(23 / limit) + 1 {
          let page = try await trial.listing(backend).records(of: .client, after: after, limit: limit)
          trial.expect(
            page.count <= limit, "a page has at most \(limit) records", expected: "≤ \(limit)", found: "\(page.count)")
          if page.isEmpty { break }
          seen += page
          after = page.last?.digest
        }
        trial.expect(seen, equals: clients, "pages of \(limit) join to the whole")
      }
    },
    Requirement(
      "client.list.afterAbsent", .clients,
      "`after` may name a digest that is not there.",
      consequence: "Deleting the last client of a page breaks the listing.",
      likelyCause: "The page is found through the record at its edge.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let clients = (0..<9).map { _ in trial.record(.client, life: nil) }.sorted { $0.digest < $1.digest }
      for client in clients { try await backend.store(client) }
      _ = try await backend.remove(clients[4].id)
      let rest = try await trial.listing(backend).records(of: .client, after: clients[4].digest, limit: 10)
      trial.expect(rest, equals: Array(clients[5...]), "what follows the removed one")
      let ends = try await trial.listing(backend).records(
        of: .client, after: RecordDigest(words: (.max, .max, .max, .max)), limit: 10)
      trial.expect(ends, equals: [], "nothing follows the largest digest")
    },
    Requirement(
      "client.list.bytesOrder", .clients,
      "The order is that of unsigned bytes.",
      consequence: "Half of the clients are never listed.",
      likelyCause: "Digests are compared as signed numbers or as text.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let firsts: [UInt8] = [0x00, 0x20, 0x41, 0x61, 0x7F, 0x80, 0xC3, 0xFF]
      let digests = firsts.flatMap { first in
        [UInt8(0), 0xFF].compactMap { RecordDigest(bytes: [first] + [UInt8](repeating: $0, count: 31)) }
      }
      var order = SeededGenerator(seed: trial.seed)
      for digest in digests.shuffled(using: &order) {
        try await backend.store(trial.record(.client, digest: digest, life: nil))
      }
      let page = try await trial.listing(backend).records(of: .client, after: nil, limit: 100)
      trial.expect(page.map(\.digest.bytes), equals: digests.map(\.bytes), "ascending by unsigned bytes")
    },
    Requirement(
      "client.list.kindsApart", .clients,
      "A listing of one kind shows nothing of another.",
      consequence: "A page of clients shows sessions.",
      likelyCause: "The query lacks the kind.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let digest = trial.digest()
      for kind in RecordKind.standard { try await backend.store(trial.record(kind, digest: digest)) }
      for kind in RecordKind.standard {
        let page = try await trial.listing(backend).records(of: kind, after: nil, limit: 10)
        trial.expect(page.map(\.kind), equals: [kind], "one \(kind) is listed")
      }
    },
    Requirement(
      "client.list.current", .clients,
      "A listing shows each record as it was written last, by whatever operation, and none that went.",
      consequence: "An administrator sees a client's old secret, sees it twice, or sees one that was deleted.",
      likelyCause: "The listing has an index or a copy of its own that some of the operations do not keep.",
      needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let grant = Group.grant(trial.digest())
      func client(_ groups: Groups = .none) -> Record { trial.record(.client, life: .seconds(600), groups: groups) }
      let (stored, replaced, extended, inserted) = (client(), client(), client(), client())
      let (removed, consumed, revoked) = (client(), client(), client(trial.membership(grant)))
      for record in [stored, replaced, extended, removed, consumed, revoked] { try await backend.store(record) }
      let storedAnew = stored.replacing(revision: trial.revision(), payload: [1])
      try await backend.store(storedAnew)
      let next = replaced.replacing(revision: trial.revision(), payload: [2])
      trial.expect(try await backend.replace(replaced, with: next), equals: true, "the replace wins")
      let end = trial.now + .seconds(900)
      trial.expect(try await backend.extend(extended.id, to: end), equals: true, "the record is live")
      trial.expect(try await backend.insert(inserted), equals: true, "the id is free")
      trial.expect(try await backend.remove(removed.id), equals: true, "the record is live")
      trial.expect(try await backend.consume(consumed.id), equals: consumed, "the record is live")
      var expected = [storedAnew, next, extended.extended(to: end), inserted]
      if let groups = backend as? any GroupBackend {
        trial.expect(try await groups.removeAll(in: grant), equals: 1, "the group has one member")
      } else {
        expected.append(revoked)
      }
      let page = try await trial.listing(backend).records(of: .client, after: nil, limit: 100)
      trial.expect(page, equals: expected.sorted { $0.digest < $1.digest }, "each once, as it is now")
    },
    Requirement(
      "client.list.survivesWrites", .clients,
      "A record that is live throughout is listed exactly once, whatever is written between the pages.",
      consequence: "A client disappears from an export while another is registered.",
      likelyCause: "Pages are cut by offset.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      let lasting = (0..<30).map { _ in trial.record(.client, life: nil) }
      let passing = (0..<30).map { _ in trial.record(.client, life: nil) }
      for client in lasting + passing { try await backend.store(client) }
      var (seen, after, next): ([RecordDigest], RecordDigest?, Int) = ([], nil, 0)
      while seen.count < 500 {
        let page = try await trial.listing(backend).records(of: .client, after: after, limit: 4)
        guard let last = page.last else { break }
        seen += page.map(\.digest)
        after = last.digest
        if next < passing.count {
          _ = try await backend.remove(passing[next].id)
          try await backend.store(trial.record(.client, life: nil))
          next += 1
        }
      }
      for client in lasting {
        trial.expect(seen.count { $0 == client.digest }, equals: 1, "a lasting client is listed exactly once")
      }
    },
    Requirement(
      "client.list.badLimit", .clients,
      "A limit below one throws invalidArgument.",
      consequence: "An endless loop over empty pages, or the whole table at once.",
      likelyCause: "A negative LIMIT means no limit in SQL.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      try await backend.store(trial.record(.client, life: nil))
      for limit in [0, -1] {
        await trial.expectError(.invalidArgument, effect: AuthCacheError.Effect.none, "a limit of \(limit) is refused")
        {
          try await trial.listing(backend).records(of: .client, after: nil, limit: limit)
        }
      }
    },
    Requirement(
      "client.store.never", .clients,
      "A client without an end is stored, replaced and removed like any record.",
      consequence: "A client's secret can't be changed.",
      likelyCause: "A missing end does not pass the liveness test in SQL."
    ) { trial in
      let backend = try await trial.open()
      let client = trial.record(.client, life: nil)
      try await backend.store(client)
      let next = client.replacing(revision: trial.revision(), payload: [1])
      trial.expect(try await backend.insert(next), equals: false, "insert finds it live")
      trial.expect(try await backend.replace(client, with: next), equals: true, "replace finds it live")
      trial.expect(try await backend.load(client.id), equals: next, "it reads back without an end")
      trial.expect(try await backend.remove(client.id), equals: true, "remove finds it live")
      try await backend.store(client)
      let ending = client.replacing(revision: trial.revision(), expiresAt: .some(trial.now + .seconds(600)))
      trial.expect(try await backend.replace(client, with: ending), equals: true, "it can be given an end")
      trial.expect(try await backend.load(client.id), equals: ending, "and has it then")
      try await backend.store(client)
      trial.expect(try await backend.consume(client.id), equals: client, "consume finds it live")
      trial.expect(try await backend.load(client.id), equals: nil, "and takes it")
    },
  ]
}
