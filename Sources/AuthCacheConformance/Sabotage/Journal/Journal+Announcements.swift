internal import AuthCache
internal import Foundation

extension Journal {
  /// A journal that announces every line that is added to it, by whatever process.
  ///
  /// - Parameter hears: Whether a line is announced.
  static func announcingBackend(
    _ environment: BackendEnvironment, hears: @escaping @Sendable (JournalEntry) -> Bool = { _ in true }
  ) throws -> any AuthCacheBackend {
    let follower = JournalFollower(path(environment), hears)
    return try backend(environment).intercepted(by: follower)
      .announced { () async throws(AuthCacheError) in try follower.subscribe() }
  }
}

extension BackendFactory {
  /// The journal, with announcements that cross processes.
  package static let announcingJournal = BackendFactory(
    journal: "announcing-journal", opening: { try Journal.announcingBackend($0) })
}

extension Invalidation {
  fileprivate static func changes(by entry: JournalEntry) -> [Invalidation] {
    var changes: [Invalidation] = []
    for record in (entry.put ?? []).compactMap(\.record) { changes += Self.changes(of: record) }
    changes += ((entry.take ?? []) + [entry.extended].compactMap { $0 }).compactMap(\.lookup).map { .record($0) }
    if let role = entry.role.flatMap(Group.Role.init(rawValue:)),
      let digest = entry.group.flatMap(RecordDigest.init(bytes:))
    {
      changes.append(.group(Group(role: role, digest: digest)))
    }
    return changes
  }
}

/// Reads what is added to a journal, as soon as somebody listens and until its handle is closed.
private final class JournalFollower: BackendInterceptor {
  private let hub = InvalidationHub()
  private let path: String
  private let hears: @Sendable (JournalEntry) -> Bool
  private let reading = Memo<Task<Void, Never>?>(nil)

  init(_ path: String, _ hears: @escaping @Sendable (JournalEntry) -> Bool) {
    self.path = path
    self.hears = hears
  }

  deinit { reading.with { $0?.cancel() } }

  func subscribe() throws(AuthCacheError) -> InvalidationStream {
    let stream = try hub.subscribe()
    reading.with { [hub, path, hears] reading in
      guard reading == nil else { return }
      var offset = Self.lines(of: path, from: 0).end
      reading = Task {
        while !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(2))
          let (lines, end) = Self.lines(of: path, from: offset)
          offset = end
          for entry in lines.compactMap({ JournalEntry(line: $0) }) where hears(entry) {
            hub.announce { Invalidation.changes(by: entry) }
          }
        }
      }
    }
    return stream
  }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let answer = try await proceed(call)
    if case .close = call {
      hub.close()
      reading.with { $0?.cancel() }
    }
    return answer
  }

  /// The whole lines after `offset`, and where the next one begins.
  private static func lines(of path: String, from offset: Int) -> (lines: [Data], end: Int) {
    guard let file = FileHandle(forReadingAtPath: path) else { return ([], offset) }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: UInt64(offset))) != nil, let bytes = try? file.readToEnd(),
      let last = bytes.lastIndex(of: UInt8(ascii: "\n"))
    else { return ([], offset) }
    let whole = bytes[...last]
    return (whole.split(separator: UInt8(ascii: "\n")), offset + whole.count)
  }
}
