import AuthCache

/// What a store may hold of some records that are always written together, given everything that it has answered.
///
/// What was acknowledged holds, what failed with effect `none` did not happen, and what failed with effect `unknown`
/// may be either, from then on for ever: what was sent may yet be carried out.
struct Fate: Sendable {
  /// Revisions; nil for absent.
  private(set) var possible: Set<UInt64?> = [nil]
  private(set) var isInDoubt = false

  /// An operation that leaves `revision` was acknowledged.
  mutating func became(_ revision: UInt64?) {
    if isInDoubt { possible.insert(revision) } else { possible = [revision] }
  }

  /// It failed, with this effect.
  mutating func failed(_ effect: AuthCacheError.Effect, becoming revision: UInt64?) {
    guard effect != .none else { return }
    possible.insert(revision)
    isInDoubt = true
  }

  func allows(_ revision: UInt64?) -> Bool { possible.contains(revision) }
}
