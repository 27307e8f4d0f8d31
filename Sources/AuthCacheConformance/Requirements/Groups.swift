internal import AuthCache

extension Requirement {
  static let groups: [Requirement] = revocations + membership

  private static let revocations: [Requirement] = [
    Requirement(
      "group.removeAll.everything", .groups,
      "Group removal makes every record of the group absent, of whatever kind, under every alias.",
      consequence: "A back-channel logout leaves a session alive.",
      likelyCause: "The removal covers one kind, or leaves the aliases.",
      references: ["OpenID Connect Back-Channel Logout 1.0 §2.5", "RFC 6749 §4.1.2"], needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      for role in Group.Role.allCases {
        let group = Group(role: role, digest: trial.digest())
        let members = [RecordKind.session, .session, .code, .spentRefresh].map { kind in
          kind == .session
            ? trial.session(groups: trial.membership(group)) : trial.record(kind, groups: trial.membership(group))
        }
        for member in members { try await backend.store(member) }
        trial.expect(
          try await trial.group(backend).removeAll(in: group), equals: members.count, "every member is counted")
        for lookup in members.flatMap(\.lookups) {
          trial.expect(try await backend.load(lookup), equals: nil, "a member is absent by \(lookup.field.rawValue)")
        }
      }
    },
    Requirement(
      "group.removeAll.others", .groups,
      "Group removal leaves records of other groups and of none.",
      consequence: "One user's logout logs everybody out.",
      likelyCause: "The groups are not compared whole.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let group = Group.subject(trial.digest())
      let others = [
        trial.session(), trial.session(groups: Groups(subject: trial.digest())),
        trial.session(groups: Groups(providerSession: trial.digest(), grant: trial.digest())),
      ]
      for record in others { try await backend.store(record) }
      try await backend.store(trial.session(groups: trial.membership(group)))
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: 1, "one member went")
      for record in others {
        trial.expect(try await backend.load(record.id), equals: record, "a record of another group is untouched")
      }
    },
    Requirement(
      "group.removeAll.rolesApart", .groups,
      "The same digest in another role is another group.",
      consequence: "One replay logs the user out everywhere.",
      likelyCause: "All groups share one index.",
      references: ["RFC 9700 §4.14"], needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let digest = trial.digest()
      let members = Group.Role.allCases.map { trial.session(groups: trial.membership(Group(role: $0, digest: digest))) }
      for member in members { try await backend.store(member) }
      trial.expect(try await trial.group(backend).removeAll(in: .grant(digest)), equals: 1, "the grant alone went")
      for member in members where member.groups.grant == nil {
        trial.expect(try await backend.load(member.id), equals: member, "a member in another role is untouched")
      }
    },
    Requirement(
      "group.removeAll.empty", .groups,
      "Removal of a group without members answers zero and is no error, and a repeat does too.",
      consequence: "A second logout notice is a server error.",
      likelyCause: "No affected row is taken for a failure.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let group = Group.providerSession(trial.digest())
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: 0, "nothing was there")
      try await backend.store(trial.session(groups: trial.membership(group)))
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: 1, "one went")
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: 0, "a repeat finds nothing")
    },
    Requirement(
      "group.membership.follows", .groups,
      "A record is in the groups that it was last stored or replaced with, and in no others.",
      consequence: "Revoking the old grant ends the new session, or revoking the new one does not.",
      likelyCause: "The group index is written on insert alone.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let ways: [@Sendable (Record, Record) async throws -> Void] = [
        { try await backend.store($1) }, { _ = try await backend.replace($0, with: $1) },
      ]
      for change in ways {
        let (old, new) = (Group.grant(trial.digest()), Group.grant(trial.digest()))
        let before = trial.session(groups: trial.membership(old))
        let after = before.replacing(revision: trial.revision(), groups: trial.membership(new))
        try await backend.store(before)
        try await change(before, after)
        trial.expect(try await trial.group(backend).removeAll(in: old), equals: 0, "the old group is empty")
        trial.expect(try await backend.load(after.id), equals: after, "the record is there")
        trial.expect(try await trial.group(backend).removeAll(in: new), equals: 1, "the new group has it")
      }
    },
    Requirement(
      "group.membership.extendKeeps", .groups,
      "Extend leaves a record in its groups.",
      consequence: "A session that slid once can't be revoked any more.",
      likelyCause: "Extend writes the record anew without its groups.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let group = Group.subject(trial.digest())
      let session = trial.session(groups: trial.membership(group))
      try await backend.store(session)
      _ = try await backend.extend(session.id, to: trial.now + .seconds(3_600))
      trial.expect(
        try await trial.group(backend).removeAll(in: group), equals: 1, "the session is revoked with its group")
      trial.expect(try await backend.load(session.id), equals: nil, "and absent")
    },
    Requirement(
      "group.removeAll.noLateSave", .groups,
      "A save from a reading before a group removal does not bring the record back.",
      consequence: "A revoked session is undone by a request that was still running.",
      likelyCause: "Update by upsert.",
      references: ["nextjs-auth0#2530"], needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let group = Group.grant(trial.digest())
      let session = trial.session(groups: trial.membership(group))
      try await backend.store(session)
      let reading = try trial.require(try await backend.load(session.id), "the session is there")
      _ = try await trial.group(backend).removeAll(in: group)
      trial.expect(
        try await backend.replace(reading, with: reading.replacing(revision: trial.revision())), equals: false,
        "the late save answers false")
      trial.expect(try await backend.extend(session.id, to: trial.now + .seconds(900)), equals: false, "so does extend")
      trial.expect(try await backend.load(session.id), equals: nil, "the session stays revoked")
    },
    Requirement(
      "group.removeAll.many", .groups,
      "A group of thousands goes in one call.",
      consequence: "Revocation of a busy account fails, or stops half-way.",
      likelyCause: "The removal has a limit, or binds one parameter for each member.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let group = Group.subject(trial.digest())
      let members = (0..<2_500).map { _ in trial.record(.session, groups: trial.membership(group), payload: [1]) }
      try await backend.storeEach(members)
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: members.count, "all went at once")
      trial.expect(try await backend.load(members[members.count - 1].id), equals: nil, "the last is absent too")
    },
  ]
}

extension Trial {
  /// Membership in `group` alone.
  func membership(_ group: Group) -> Groups {
    switch group.role {
    case .subject: Groups(subject: group.digest)
    case .providerSession: Groups(providerSession: group.digest)
    case .grant: Groups(grant: group.digest)
    }
  }
}
