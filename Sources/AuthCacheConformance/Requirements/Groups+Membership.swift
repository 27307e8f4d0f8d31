internal import AuthCache

extension Requirement {
  /// How records come into groups and leave them.
  static let membership: [Requirement] = [
    Requirement(
      "group.membership.everyWrite", .groups,
      "Whatever writes a record, insert and bulk store included, puts it into its groups and takes it out of those it was in.",
      consequence: "A session that was begun by an insert, or imported, can't be revoked.",
      likelyCause: "The statements of insert and of bulk store leave out the columns of the groups.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let groups = try trial.group(backend)
      let ways: [(name: String, write: @Sendable (Record) async throws -> Void)] = [
        ("insert", { _ = try await backend.insert($0) }), ("bulk store", { try await backend.storeEach([$0]) }),
      ]
      for way in ways {
        let (old, new) = (Group.subject(trial.digest()), Group.subject(trial.digest()))
        let expired = trial.session(life: trial.shortLife, groups: trial.membership(old))
        try await way.write(expired)
        try await trial.advance(by: trial.shortLife)
        let record = trial.record(.session, digest: expired.digest, groups: trial.membership(new))
        try await way.write(record)
        trial.expect(try await groups.removeAll(in: old), equals: 0, "after \(way.name) the old group is empty")
        trial.expect(try await backend.load(record.id), equals: record, "and the record is there")
        trial.expect(try await groups.removeAll(in: new), equals: 1, "after \(way.name) the new group has it")
        trial.expect(try await backend.load(record.id), equals: nil, "and takes it along")
      }
    },
    Requirement(
      "group.membership.ends", .groups,
      "A record that went, in whatever way, is in no group any more: stored anew without one, it is revoked with none.",
      consequence: "Whoever logs in again after a logout is logged out by a notice about the session before.",
      likelyCause: "The index of the groups is not cleaned with the record.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let groups = try trial.group(backend)
      let ways: [(name: String, end: @Sendable (Record) async throws -> Void)] = [
        ("a remove", { _ = try await backend.remove($0.id) }), ("a consume", { _ = try await backend.consume($0.id) }),
        ("a bulk removal", { _ = try await backend.removeEach([$0.id]) }),
        (
          "the removal of another group",
          { _ = try await groups.removeAll(in: .subject($0.groups.subject ?? $0.digest)) }
        ),
      ]
      for way in ways {
        let grant = Group.grant(trial.digest())
        let record = trial.session(groups: Groups(subject: trial.digest(), grant: grant.digest))
        try await backend.store(record)
        try await way.end(record)
        trial.expect(try await groups.removeAll(in: grant), equals: 0, "after \(way.name) its group is empty")
        try await backend.store(record)
        try await way.end(record)
        let anew = trial.record(.session, digest: record.digest)
        trial.expect(try await backend.insert(anew), equals: true, "after \(way.name) the id is free")
        trial.expect(try await groups.removeAll(in: grant), equals: 0, "what was stored anew is in no group")
        trial.expect(try await backend.load(anew.id), equals: anew, "and it is there")
      }
    },
    Requirement(
      "group.membership.refusedWrites", .groups,
      "A write that answers false, or throws, changes nobody's groups.",
      consequence: "A login that was refused makes another one's session part of its grant.",
      likelyCause: "The index of the groups is written before it is known whether the record is.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let groups = try trial.group(backend)
      let (own, others) = (Group.subject(trial.digest()), Group.subject(trial.digest()))
      let live = trial.session(groups: trial.membership(own))
      try await backend.store(live)
      let next = live.replacing(revision: trial.revision(), groups: trial.membership(others))
      trial.expect(try await backend.insert(next), equals: false, "the id is taken")
      let stale = live.replacing(revision: trial.revision())
      trial.expect(try await backend.replace(stale, with: next), equals: false, "the revision is another")
      if trial.properties.aliases {
        let holder = trial.session()
        try await backend.store(holder)
        let taking = next.replacing(revision: trial.revision(), aliases: holder.aliases)
        await trial.expectError(.conflict, "its tokens are taken") { try await backend.store(taking) }
      }
      trial.expect(try await groups.removeAll(in: others), equals: 0, "the group of the refused writes is empty")
      trial.expect(try await backend.load(live.id), equals: live, "the live record is there")
      trial.expect(try await groups.removeAll(in: own), equals: 1, "and in its own group")
    },
  ]
}
