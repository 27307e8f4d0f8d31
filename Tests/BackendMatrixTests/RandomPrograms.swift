import AuthCache
import AuthCacheBundled
import AuthCacheConformance
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Foundation
import Testing

/// Random programs of one caller on a few records that share tokens and groups: every answer is that of the model.
@Suite struct RandomPrograms {
  @Test(arguments: 0..<16 as Range<UInt64>)
  func onMemory(seed: UInt64) async throws { try await run(.memory, seed: seed) }

  @Test(arguments: 0..<16 as Range<UInt64>)
  func onSQLite(seed: UInt64) async throws { try await run(.sqlite, seed: seed) }

  @Test(
    .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"),
    arguments: [.postgres, .postgresUnprepared, .postgresPerKind] as [BackendFactory], 0..<3 as Range<UInt64>)
  func onPostgres(_ factory: BackendFactory, seed: UInt64) async throws {
    try await run(factory, seed: seed, url: ThrowawayServer.shared(.postgres).url)
  }

  @Test(
    .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"),
    arguments: [.mysql, .mysqlLocked, .mysqlPerKind] as [BackendFactory], 0..<3 as Range<UInt64>)
  func onMariaDB(_ factory: BackendFactory, seed: UInt64) async throws {
    try await run(factory, seed: seed, url: ThrowawayServer.shared(.mariadb).url)
  }

  /// One caller can't tell that there are layers: whatever it did it sees, and nothing past its end.
  @Test(arguments: Stack.keen, 0..<12 as Range<UInt64>)
  func throughLayers(_ stack: Stack, seed: UInt64) async throws {
    try await run(BackendFactory(stack.name) { try await stack.over(MemoryBackend(clock: $0.clock), $0) }, seed: seed)
  }

  @Test(arguments: Stack.keen, 0..<2 as Range<UInt64>)
  func throughLayersOverSQLite(_ stack: Stack, seed: UInt64) async throws {
    try await run(
      BackendFactory(stack.name) { try await stack.over(try await BackendFactory.sqlite.open($0), $0) }, seed: seed)
  }

  private func run(_ factory: BackendFactory, seed: UInt64, url: String? = nil) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "authcache-programs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let clock = VirtualClock()
    let backend = try await factory.open(
      BackendEnvironment(
        namespace: "programs\(UInt32.random(in: .min ... .max))", clock: clock, directory: folder.path, url: url)
    )
    .intercepted(by: Sabotage(clock: clock))
    var model = ReferenceModel(properties: backend.properties)
    var program = Program(seed: seed, clock: clock)
    for step in 0..<300 {
      let call = program.next()
      let expected = answer { () throws(AuthCacheError) in try model.perform(call, at: clock.now) }
      let found = await answer { () async throws(AuthCacheError) in try await backend.perform(call) }
      try #require(found == expected, "step \(step) of seed \(seed): \(call.operation) on \(factory.name)")
      for lookup in program.lookups {
        try #require(
          try await backend.load(lookup) == model.live(lookup, at: clock.now),
          "after step \(step) of seed \(seed), \(call.operation): \(lookup) on \(factory.name)")
      }
    }
    try await backend.close()
  }

  private enum Answer: Equatable {
    case answer(BackendAnswer)
    case error(AuthCacheError.Code)
  }

  private func answer(_ body: () throws(AuthCacheError) -> BackendAnswer) -> Answer {
    do { return .answer(try body()) } catch { return .error(error.code) }
  }

  private func answer(_ body: () async throws(AuthCacheError) -> BackendAnswer) async -> Answer {
    do { return .answer(try await body()) } catch { return .error(error.code) }
  }
}

extension Stack {
  /// Layers that remember all they may, to the last millisecond.
  fileprivate static let keen: [Stack] = [
    [.cache], [.buffer], [.cache, .buffer], [.buffer, .cache], [.cache, .buffer, .cache],
  ]
  .map { layers in
    Stack("keen " + Stack(layers: layers).name) { backend, environment in
      try layers.reversed().reduce(backend) { try $0.keenly($1, environment.clock) }
    }
  }
}

extension AuthCacheBackend {
  fileprivate func keenly(_ layer: Stack.Layer, _ clock: any AuthCacheClock) throws -> any AuthCacheBackend {
    let policy = CachePolicy(
      capacity: 3, timeToLive: .seconds(60), negativeTimeToLive: .seconds(60), negativeCapacity: 5, skew: .zero)
    return switch layer {
    case .cache: CachingBackend(over: self, configuration: CachingConfiguration(sessions: policy), clock: clock)
    case .buffer: try BufferedBackend(over: self, configuration: BufferConfiguration(), clock: clock)
    }
  }
}

extension BackendFactory {
  /// Behind a transaction pooler.
  fileprivate static let postgresUnprepared = BackendFactory("postgres-unprepared", embedded: false) {
    var configuration = try PostgresBackend.Configuration(url: $0.url ?? "", clock: $0.clock)
    configuration.tableName = $0.namespace
    configuration.preparesStatements = false
    return try await PostgresBackend(configuration: configuration)
  }

  fileprivate static let postgresPerKind = BackendFactory("postgres-per-kind", embedded: false) {
    var configuration = try PostgresBackend.Configuration(url: $0.url ?? "", clock: $0.clock)
    configuration.tableName = $0.namespace
    configuration.tables = .perKind
    return try await PostgresBackend(configuration: configuration)
  }

  fileprivate static let mysqlPerKind = BackendFactory("mysql-per-kind", embedded: false) {
    var configuration = try MySQLBackend.Configuration(url: $0.url ?? "", clock: $0.clock)
    configuration.tableName = $0.namespace
    configuration.tables = .perKind
    return try await MySQLBackend(configuration: configuration)
  }
}

private struct Program {
  private var random: SeededGenerator
  private let clock: VirtualClock

  init(seed: UInt64, clock: VirtualClock) {
    random = SeededGenerator(seed: seed)
    self.clock = clock
  }

  /// Everything that a record of this program can be found by.
  var lookups: [Lookup] {
    (0..<4).flatMap { number in
      Lookup.Field.allCases.map { Lookup(kind: .session, field: $0, digest: Self.digest(number)) }
    }
  }

  mutating func next() -> BackendCall {
    if below(4) == 0 { clock.advance(by: .milliseconds(below(4))) }
    switch below(14) {
    case 0, 1: return .store(record())
    case 2: return .insert(record())
    case 3: return .load(lookup())
    case 4: return .consume(lookup())
    case 5, 6:
      let next = record()
      return .replace(next.replacing(revision: UInt64(below(3))), with: next)
    case 7, 8: return .extend(lookup(), to: instant())
    case 9: return .remove(lookup())
    case 10: return .storeContents((0..<below(5)).map { _ in record() })
    case 11: return .removeContents((0..<below(4)).map { _ in lookup() })
    case 12: return .removeAll(.subject(Self.digest(below(2))))
    default: return .records(of: .session, after: below(2) == 0 ? nil : Self.digest(below(4)), limit: 1 + below(3))
    }
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  private static func digest(_ number: Int) -> RecordDigest {
    RecordDigest(words: (UInt64(number) << 60, 1, 2, UInt64(number)))
  }

  private mutating func lookup() -> Lookup { lookups[below(lookups.count)] }

  private mutating func instant() -> Timestamp { clock.now + .milliseconds(below(8) - 1) }

  private mutating func record() -> Record {
    Record(
      kind: .session, digest: Self.digest(below(4)), revision: UInt64(below(3)), createdAt: clock.now,
      expiresAt: below(12) == 0 ? nil : instant(),
      aliases: Aliases(
        accessToken: below(2) == 0 ? Self.digest(below(4)) : nil,
        refreshToken: below(2) == 0 ? Self.digest(below(4)) : nil),
      groups: Groups(subject: below(2) == 0 ? Self.digest(below(2)) : nil), payload: [UInt8(below(256))])
  }
}
