import AuthCache
import AuthCacheConformance

/// What one client does to a few records that everybody works on: two sessions of one user, which get new tokens now and
/// then, and a code.
struct RaceWork {
  private var generator: SeededGenerator
  /// What it saw last under each id, to replace it.
  private var seen: [Lookup: Record] = [:]

  /// - Parameter client: which of those who work under one seed.
  init(seed: UInt64, client: Int) {
    // Drawn twice: neighbouring seeds of this generator give shifted copies of one sequence.
    var mixed = SeededGenerator(seed: seed ^ (UInt64(client) &* 0xD134_2543_DE82_EF95))
    generator = SeededGenerator(seed: mixed.next())
  }

  /// Every lookup that ever finds something.
  static let lookups: [Lookup] =
    (0..<3).flatMap { number in (0..<2).flatMap { record(number, token: $0).lookups } }
    .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }

  private static let user = Group.subject(digest(900))

  /// - Parameter token: which of its two pairs of tokens it has.
  private static func record(_ number: UInt64, token: UInt64) -> Record {
    let first = 100 + 10 * number + token
    return RealDatabaseTests.record(
      number, kind: number == 2 ? .code : .session,
      aliases: number == 2 ? .none : Aliases(accessToken: digest(first), refreshToken: digest(first + 100)),
      groups: Groups(subject: digest(900)))
  }

  mutating func step(on backend: any AuthCacheBackend) async throws(AuthCacheError) {
    let call = next()
    switch try await backend.perform(call) {
    case .record(let record?): seen[record.id] = record
    case .found(let records): for case let record? in records { seen[record.id] = record }
    default: break
    }
  }

  private mutating func next() -> BackendCall {
    let new = anew(UInt64.random(in: 0..<3, using: &generator))
    let lookup = new.lookups.randomElement(using: &generator) ?? new.id
    switch Int.random(in: 0..<30, using: &generator) {
    case 0..<4: return .store(new)
    case 4..<7: return .insert(new)
    case 7..<15: return .load(lookup)
    case 15..<18: return .consume(lookup)
    case 18..<21: return .replace(seen[new.id] ?? new, with: new)
    case 21: return .extend(lookup, to: new.createdAt + .seconds(Int64.random(in: 4_000..<5_000, using: &generator)))
    case 22..<24: return .remove(lookup)
    case 24: return .removeAll(Self.user)
    case 25..<27: return .storeContents((0..<3).map { anew($0) })
    case 27: return .removeContents([lookup, Self.record(2, token: 0).id])
    default: return .loadContents(Self.lookups.filter { _ in Bool.random(using: &generator) })
    }
  }

  private mutating func anew(_ number: UInt64) -> Record {
    Self.record(number, token: UInt64.random(in: 0..<2, using: &generator))
      .replacing(revision: generator.next(), payload: Payload([UInt8.random(in: 0...255, using: &generator)]))
  }
}
