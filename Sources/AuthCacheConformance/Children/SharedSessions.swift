internal import AuthCache

/// Sessions that several processes know by number, and a way to change each.
struct SharedSessions: Sendable {
  /// What becomes of the session of one number, in turn.
  enum Change: Int, CaseIterable {
    case store, replace, remove, consume, extend, storeInBulk, removeInBulk, removeGroup
  }

  static let count = 2 * Change.allCases.count

  let series: RecordSeries

  init(_ series: RecordSeries) { self.series = series }
  init(_ context: ChildContext) throws { series = try RecordSeries(context) }

  private var numbers: Range<Int> { 0..<Self.count }
  private func change(_ number: Int) -> Change { Change.allCases[number % Change.allCases.count] }

  /// Before they are changed.
  var originals: [Record] { numbers.map(series.session) }
  /// By everything that a cache may answer.
  var lookups: [Lookup] { originals.flatMap(\.cachedLookups) }

  private func successor(_ number: Int) -> Record {
    let session = series.session(number)
    return session.replacing(revision: ~session.revision)
  }

  private var extended: Timestamp { series.start + .seconds(172_800) }

  /// What is there afterwards.
  func changed(_ number: Int) -> Record? {
    switch change(number) {
    case .store, .replace, .storeInBulk: successor(number)
    case .remove, .consume, .removeInBulk, .removeGroup: nil
    case .extend: series.session(number).replacing(revision: series.session(number).revision, expiresAt: extended)
    }
  }

  /// Changes each through `backend`; what it can't do in bulk or by group, one by one.
  func change(_ backend: any AuthCacheBackend) async throws {
    func all(_ wanted: Change) -> [Int] { numbers.filter { change($0) == wanted } }
    for number in numbers {
      let session = series.session(number)
      switch change(number) {
      case .store: try await backend.store(successor(number))
      case .replace: _ = try await backend.replace(session, with: successor(number))
      case .remove: _ = try await backend.remove(session.id)
      case .consume: _ = try await backend.consume(session.id)
      case .extend: _ = try await backend.extend(session.id, to: extended)
      case .removeGroup:
        guard let groups = backend as? any GroupBackend, let subject = session.groups.subject else {
          _ = try await backend.remove(session.id)
          continue
        }
        _ = try await groups.removeAll(in: .subject(subject))
      case .storeInBulk, .removeInBulk: break
      }
    }
    try await backend.storeEach(all(.storeInBulk).map(successor))
    _ = try await backend.removeEach(all(.removeInBulk).map { series.session($0).id })
  }

  /// What `found` says of every session, on one line.
  func text(_ find: (Lookup) async throws -> Record?) async throws -> String {
    var words: [String] = []
    for lookup in lookups { words.append(Self.word(try await find(lookup))) }
    return words.joined(separator: " ")
  }

  /// What ``text(_:)`` is where all were changed, or none.
  func expected(isChanged: Bool) -> String {
    numbers.flatMap { number in
      let session = series.session(number)
      let word = Self.word(isChanged ? changed(number) : session)
      return session.cachedLookups.map { _ in word }
    }
    .joined(separator: " ")
  }

  /// The changes that `text` does not show.
  func unseen(in text: String) -> String {
    let words = text.split(separator: " ")
    let expected = expected(isChanged: true).split(separator: " ")
    let owners = numbers.flatMap { number in series.session(number).cachedLookups.map { _ in change(number) } }
    guard words.count == expected.count else { return "another number of sessions" }
    let unseen = Set(zip(owners, zip(words, expected)).filter { $0.1.0 != $0.1.1 }.map { $0.0 })
    return Change.allCases.filter(unseen.contains).map { "\($0)" }.joined(separator: ", ")
  }

  private static func word(_ record: Record?) -> String {
    record.map { "\($0.revision)@\($0.expiresAt?.millisecondsSinceEpoch ?? 0)" } ?? "-"
  }
}
