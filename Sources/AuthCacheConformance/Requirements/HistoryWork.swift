internal import AuthCache

/// What one client does while a history is recorded: random operations on a few records that everybody works on.
struct HistoryWork {
  private let series: RecordSeries
  private let withGroups: Bool
  private var generator: SeededGenerator
  /// What this client saw last, to replace it.
  private var seen: [Lookup: Record] = [:]

  init(_ series: RecordSeries, seed: UInt64, withGroups: Bool) {
    self.series = series
    self.withGroups = withGroups
    generator = SeededGenerator(seed: seed)
  }

  /// Carries out `count` operations. A conflict is an answer like others.
  mutating func run(_ count: Int, on backend: any AuthCacheBackend) async throws {
    for _ in 0..<count {
      let call = next()
      do throws(AuthCacheError) {
        if case .record(let record?) = try await backend.perform(call) { seen[record.id] = record }
      } catch {
        if error.code != .conflict { throw error }
      }
      await Task.yield()
    }
  }

  private mutating func next() -> BackendCall {
    let number = Int(generator.next() % 2)
    let session = series.session(number)
    let lookup = session.lookups[Int(generator.next() % UInt64(session.lookups.count))]
    switch generator.next() % 20 {
    case 0..<4: return .store(anew(number))
    case 4..<7: return .insert(anew(number))
    case 7..<11: return .load(lookup)
    case 11..<14: return .consume(lookup)
    case 14..<16: return .replace(seen[session.id] ?? session, with: anew(number))
    case 16: return .extend(lookup, to: series.start + .seconds(90_000 + Int64(generator.next() % 100)))
    case 17 where withGroups: return .removeAll(.subject(session.groups.subject ?? session.digest))
    default: return .remove(lookup)
    }
  }

  /// A record under the id of a session of the series, with a payload of its own and, now and then, another's alias.
  private mutating func anew(_ number: Int) -> Record {
    let session = series.session(number)
    var aliases = session.aliases
    if !aliases.isEmpty, generator.next() % 5 == 0 {
      aliases.refreshToken = series.session(1 - number).aliases.refreshToken
    }
    return session.replacing(
      revision: generator.next(), aliases: aliases,
      payload: Payload((0..<8).map { _ in UInt8(truncatingIfNeeded: generator.next()) }))
  }
}
