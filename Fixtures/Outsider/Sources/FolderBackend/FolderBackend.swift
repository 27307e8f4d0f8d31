import AuthCache
import Foundation
import Synchronization

/// One JSON file per record in a folder that any number of processes may share.
///
/// The narrow end of the contract: no aliases, no bulk operations, no groups to revoke, no listing. Every operation
/// holds an exclusive lock on the folder, which makes it one unit; a file is replaced by renaming, so a crash leaves
/// either the old record or the new one.
public final class FolderBackend: AuthCacheBackend {
  public let properties = BackendProperties(aliases: false, durability: .process, shared: true)

  private let folder: URL
  private let clock: any AuthCacheClock
  private let isClosed = Mutex(false)

  /// Uses `folder`, which is made if it does not exist.
  public init(folder: String, clock: any AuthCacheClock = .system) throws(AuthCacheError) {
    self.folder = URL(fileURLWithPath: folder, isDirectory: true)
    self.clock = clock
    do { try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true) } catch {
      throw AuthCacheError(.unavailable, operation: .open, "the folder can't be made")
    }
  }

  public func store(_ record: Record) async throws(AuthCacheError) {
    try properties.validate(record, for: .store)
    try unit(.store, record.kind) { _ throws(AuthCacheError) in try write(record, .store) }
  }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(record, for: .insert)
    return try unit(.insert, record.kind) { now throws(AuthCacheError) in
      guard try read(record.id, at: now, .insert) == nil else { return false }
      try write(record, .insert)
      return true
    }
  }

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .load)
    return try unit(.load, lookup.kind) { now throws(AuthCacheError) in try read(lookup, at: now, .load) }
  }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .consume)
    return try unit(.consume, lookup.kind) { now throws(AuthCacheError) in
      guard let record = try read(lookup, at: now, .consume) else { return nil }
      try delete(lookup, .consume)
      return record
    }
  }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(replacing: current, with: next)
    return try unit(.replace, current.kind) { now throws(AuthCacheError) in
      guard try read(current.id, at: now, .replace)?.revision == current.revision else { return false }
      try write(next, .replace)
      return true
    }
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .extend)
    return try unit(.extend, lookup.kind) { now throws(AuthCacheError) in
      guard let record = try read(lookup, at: now, .extend) else { return false }
      let extended = record.extended(to: expiresAt)
      if extended != record { try write(extended, .extend) }
      return true
    }
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .remove)
    return try unit(.remove, lookup.kind) { now throws(AuthCacheError) in
      let isLive = try read(lookup, at: now, .remove) != nil
      try delete(lookup, .remove)
      return isLive
    }
  }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try unit(.removeExpired) { now throws(AuthCacheError) in
      try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: now)
      var removed = ExpiredCounts()
      for name in try names() where removed.total < limit && name.hasSuffix(".json") {
        guard let record = try decode(folder.appendingPathComponent(name), .removeExpired), !record.isLive(at: cutoff)
        else { continue }
        try delete(record.id, .removeExpired)
        removed.add(of: record.kind)
      }
      return removed
    }
  }

  public func close() async throws(AuthCacheError) { isClosed.withLock { $0 = true } }

  // MARK: Files

  /// Runs `body` alone among all processes that use the folder, at one reading of the clock.
  private func unit<Answer>(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind? = nil,
    _ body: (Timestamp) throws(AuthCacheError) -> Answer
  ) throws(AuthCacheError) -> Answer {
    let descriptor = open(folder.appendingPathComponent("lock").path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw AuthCacheError(.unavailable, operation: operation, kind: kind, "the folder can't be locked")
    }
    let lock = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    defer { try? lock.close() }
    while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    if isClosed.withLock({ $0 }) {
      throw AuthCacheError(.closed, operation: operation, kind: kind, "the backend has been closed")
    }
    return try body(clock.now)
  }

  private func file(_ lookup: Lookup) -> URL {
    // In hexadecimal, because a file system may fold case and a kind may not.
    func hex(_ bytes: some Sequence<UInt8>) -> String {
      bytes.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
    }
    return folder.appendingPathComponent("\(hex(lookup.kind.rawValue.utf8)).\(hex(lookup.digest.bytes)).json")
  }

  private func read(
    _ lookup: Lookup, at now: Timestamp, _ operation: AuthCacheError.Operation
  ) throws(AuthCacheError) -> Record? {
    guard let record = try decode(file(lookup), operation), record.isLive(at: now) else { return nil }
    return record
  }

  private func decode(_ file: URL, _ operation: AuthCacheError.Operation) throws(AuthCacheError) -> Record? {
    let data: Data
    do { data = try Data(contentsOf: file) } catch CocoaError.fileReadNoSuchFile { return nil } catch {
      throw AuthCacheError(.unavailable, operation: operation, "a record can't be read")
    }
    guard let record = try? JSONDecoder().decode(StoredRecord.self, from: data).record else {
      throw AuthCacheError(.corrupt, operation: operation, "a record can't be decoded")
    }
    return record
  }

  private func write(_ record: Record, _ operation: AuthCacheError.Operation) throws(AuthCacheError) {
    do { try JSONEncoder().encode(StoredRecord(record)).write(to: file(record.id), options: .atomic) } catch {
      throw AuthCacheError(
        .unavailable, effect: .unknown, operation: operation, kind: record.kind, "a record can't be written")
    }
  }

  private func delete(_ lookup: Lookup, _ operation: AuthCacheError.Operation) throws(AuthCacheError) {
    do { try FileManager.default.removeItem(at: file(lookup)) } catch CocoaError.fileNoSuchFile {} catch {
      throw AuthCacheError(
        .unavailable, effect: .unknown, operation: operation, kind: lookup.kind, "a record can't be deleted")
    }
  }

  private func names() throws(AuthCacheError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw AuthCacheError(.unavailable, operation: .removeExpired, "the folder can't be listed")
    }
  }
}
