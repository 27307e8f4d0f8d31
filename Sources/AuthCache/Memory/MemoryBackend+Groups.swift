extension MemoryBackend: GroupBackend {
  /// Removes every record of `group` in one unit. Holds the whole backend meanwhile.
  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    let now = now
    let count = try shards.hold(shards.placement.all, for: .removeAll) { $0.removeAll(in: group, at: now) }
    if count > 0 { hub.announce { [.group(group)] } }
    return count
  }
}
