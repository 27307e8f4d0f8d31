internal import Synchronization

/// The keys that payloads are sealed under: the first seals, any of them opens.
///
/// To change keys without logging anybody out, ``add(_:sealing:)`` the new one with `sealing: false` in every process,
/// ``promote(id:)`` it when all have it, and ``remove(id:)`` the old one when nothing sealed under it is left: records
/// are sealed anew when they are next written or loaded. What a removed key sealed opens no more, in memory neither.
public final class KeyRing: Sendable {
  private let keys: Mutex<[SealingKey]>
  private let changes = Atomic<UInt64>(1)

  /// Tells this ring from every other one in this process.
  public let identity: UInt64 = KeyRing.nextIdentity.wrappingAdd(1, ordering: .relaxed).newValue

  private static let nextIdentity = Atomic<UInt64>(0)

  /// - Parameter keys: the key that seals, then any others that open.
  /// - Throws: `invalidArgument` if there is no key, or two have one id.
  public init(_ keys: [SealingKey]) throws(AuthCacheError) {
    guard !keys.isEmpty else {
      throw AuthCacheError(.invalidArgument, operation: .configure, "a key ring holds at least one key")
    }
    guard Set(keys.map(\.id)).count == keys.count else {
      throw AuthCacheError(.invalidArgument, operation: .configure, "two keys of a ring have one id")
    }
    self.keys = Mutex(keys)
  }

  /// A ring of one key.
  public init(_ key: SealingKey) { keys = Mutex([key]) }

  /// Grows with every change of the ring.
  public var generation: UInt64 { changes.load(ordering: .acquiring) }

  /// The ids of the keys, the one that seals first.
  public var keyIDs: [String] { keys.withLock { $0.map(\.id) } }

  /// Adds a key, as the one that seals from now on or, with `sealing: false`, only to open with.
  ///
  /// - Throws: `invalidArgument` if a key with this id is there.
  public func add(_ key: SealingKey, sealing: Bool = true) throws(AuthCacheError) {
    try change { keys throws(AuthCacheError) in
      guard !keys.contains(where: { $0.id == key.id }) else {
        throw AuthCacheError(.invalidArgument, operation: .configure, "two keys of a ring have one id")
      }
      keys.insert(key, at: sealing ? 0 : keys.count)
    }
  }

  /// Makes the key with this id the one that seals.
  ///
  /// - Throws: `invalidArgument` if there is none.
  public func promote(id: String) throws(AuthCacheError) {
    try change { keys throws(AuthCacheError) in
      guard let index = keys.firstIndex(where: { $0.id == id }) else {
        throw AuthCacheError(.invalidArgument, operation: .configure, "no key of the ring has this id")
      }
      keys.insert(keys.remove(at: index), at: 0)
    }
  }

  /// Removes a key. What it sealed opens no more.
  ///
  /// - Returns: false if no key has this id.
  /// - Throws: `invalidArgument` if it is the last one.
  @discardableResult
  public func remove(id: String) throws(AuthCacheError) -> Bool {
    try change { keys throws(AuthCacheError) in
      guard let index = keys.firstIndex(where: { $0.id == id }) else { return false }
      guard keys.count > 1 else {
        throw AuthCacheError(.invalidArgument, operation: .configure, "a key ring holds at least one key")
      }
      keys.remove(at: index)
      return true
    }
  }

  /// The key that seals. There always is one.
  var sealingKey: SealingKey { keys.withLock { $0[0] } }

  func key(id: some Collection<UInt8>) -> SealingKey? {
    keys.withLock { keys in keys.first { $0.id.utf8.elementsEqual(id) } }
  }

  private func change<Result: Sendable>(
    _ body: (inout [SealingKey]) throws(AuthCacheError) -> Result
  ) throws(AuthCacheError) -> Result {
    try keys.withLock { keys throws(AuthCacheError) in
      // The count moves under the lock: who sees the new keys sees the new count.
      defer { changes.add(1, ordering: .releasing) }
      return try body(&keys)
    }
  }
}

extension KeyRing: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "KeyRing(\(keyIDs.joined(separator: ", ")))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
