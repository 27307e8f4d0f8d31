/// Which positions of a ``RecordTable`` belong to which group.
///
/// The members of a group are a doubly linked list through the positions, so joining and leaving take one look at the
/// dictionary however large the group is, and a group of one costs no more than its entry there.
struct GroupIndex: Sendable {
  private struct Link: Sendable {
    var previous: UInt32 = none
    var next: UInt32 = none
    static let none = UInt32.max
  }

  private struct Links: Sendable {
    var subject = Link()
    var providerSession = Link()
    var grant = Link()

    subscript(role: Group.Role) -> Link {
      get {
        switch role {
        case .subject: subject
        case .providerSession: providerSession
        case .grant: grant
        }
      }
      set {
        switch role {
        case .subject: subject = newValue
        case .providerSession: providerSession = newValue
        case .grant: grant = newValue
        }
      }
    }
  }

  private var heads: [Group: UInt32] = [:]
  private var links: [Links] = []

  /// How many groups have members.
  var count: Int { heads.count }

  /// Enters `position` into `groups`.
  mutating func join(_ groups: Groups, _ position: Int) {
    for group in groups.all {
      while links.count <= position { links.append(Links()) }
      let member = UInt32(truncatingIfNeeded: position)
      let head = heads.updateValue(member, forKey: group) ?? Link.none
      links[position][group.role] = Link(next: head)
      if head != Link.none { links[Int(head)][group.role].previous = member }
    }
  }

  /// Takes `position` out of `groups`, all of which it joined.
  mutating func leave(_ groups: Groups, _ position: Int) {
    for group in groups.all {
      let link = links[position][group.role]
      if link.next != Link.none { links[Int(link.next)][group.role].previous = link.previous }
      if link.previous != Link.none {
        links[Int(link.previous)][group.role].next = link.next
      } else {
        heads[group] = link.next == Link.none ? nil : link.next
      }
    }
  }

  /// The positions in `group`.
  func members(of group: Group) -> [Int] {
    var members: [Int] = []
    var next = heads[group] ?? Link.none
    while next != Link.none {
      members.append(Int(next))
      next = links[Int(next)][group.role].next
    }
    return members
  }
}
