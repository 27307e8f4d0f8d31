extension Record {
  /// The aliases and groups of a record, as many digests side by side as there are: most records have few of the five, and
  /// a cache keeps many.
  final class Relations: ManagedBuffer<Relations.Fields, RecordDigest> {
    /// Which digests there are, in the order in which they stand.
    struct Fields: OptionSet {
      let rawValue: UInt8
      static let accessToken = Fields(rawValue: 1)
      static let refreshToken = Fields(rawValue: 2)
      static let subject = Fields(rawValue: 4)
      static let providerSession = Fields(rawValue: 8)
      static let grant = Fields(rawValue: 16)
    }

    /// Nil if there is nothing to keep.
    static func of(_ aliases: Aliases, _ groups: Groups) -> Relations? {
      if aliases.isEmpty, groups.isEmpty { return nil }
      let all: [(field: Fields, digest: RecordDigest?)] = [
        (.accessToken, aliases.accessToken), (.refreshToken, aliases.refreshToken), (.subject, groups.subject),
        (.providerSession, groups.providerSession), (.grant, groups.grant),
      ]
      var fields: Fields = []
      for case (let field, _?) in all { fields.insert(field) }
      let relations = create(minimumCapacity: fields.rawValue.nonzeroBitCount) { _ in fields }
      return relations.withUnsafeMutablePointerToElements { places in
        var place = places
        for case (_, let digest?) in all {
          place.initialize(to: digest)
          place += 1
        }
        return unsafeDowncast(relations, to: Relations.self)
      }
    }

    /// The digest of `field`, if there is one.
    @inline(__always)
    subscript(field: Fields) -> RecordDigest? {
      withUnsafeMutablePointers { fields, digests in
        guard fields.pointee.contains(field) else { return nil }
        let before = fields.pointee.rawValue & (field.rawValue &- 1)
        return digests[before.nonzeroBitCount]
      }
    }

    var aliases: Aliases { Aliases(accessToken: self[.accessToken], refreshToken: self[.refreshToken]) }

    var groups: Groups {
      Groups(subject: self[.subject], providerSession: self[.providerSession], grant: self[.grant])
    }

    var hasAliases: Bool { !header.isDisjoint(with: [.accessToken, .refreshToken]) }
  }
}

extension Record.Relations: Equatable {
  static func == (a: Record.Relations, b: Record.Relations) -> Bool {
    a === b || a.aliases == b.aliases && a.groups == b.groups
  }
}
