internal import AuthCacheConformance
internal import AuthCacheServers

/// What Redis reaches on this machine with the same operations, by its own load generator.
enum RedisFigures {
  /// The records that there are.
  private static let keys = 100_000

  /// Nil if it is not installed or does not start.
  static func measure(isQuick: Bool) async -> BenchReport.Beside? {
    guard ThrowawayRedis.whatIsMissing == nil, let redis = try? await ThrowawayRedis() else { return nil }
    let figures = try? await figures(redis, count: isQuick ? 20_000 : 200_000)
    await redis.end()
    guard let figures, !figures.isEmpty else { return nil }
    return BenchReport.Beside(
      name: "Redis \(redis.version), redis-benchmark over a unix socket, nothing durable", figures: figures)
  }

  private static func figures(_ redis: ThrowawayRedis, count: Int) async throws -> [BenchReport.Beside.Figure] {
    var figures: [BenchReport.Beside.Figure] = []
    func add(_ name: String, _ words: [String], clients: Int, count: Int) async throws {
      let common = ["-c", "\(clients)", "-n", "\(count)", "-d", "300", "-r", "\(keys)"]
      guard let rate = try await redis.measure(common + words).first?.rate else { return }
      let clients = clients == 1 ? "1 client" : "\(clients) clients"
      figures.append(.init("\(name), \(clients)", time: 1_000_000_000 / rate))
    }
    for clients in [1, 64] {
      let count = clients == 1 ? count / 4 : count
      try await add("SET", ["-t", "set"], clients: clients, count: count)
      try await add("GET", ["-t", "get"], clients: clients, count: count)
      // Nearly every key is there again, and of those that are taken few are asked for twice.
      _ = try await redis.measure([
        "-c", "8", "-P", "64", "-n", "\(4 * keys)", "-d", "300", "-r", "\(keys)", "-t", "set",
      ])
      try await add(
        "GETDEL (consume)", ["GETDEL", "key:__rand_int__"], clients: clients, count: min(count, keys / 4))
    }
    try await add("SET, 100 in one go", ["-P", "100", "-t", "set"], clients: 1, count: 2 * count)
    try await add("GET, 100 in one go", ["-P", "100", "-t", "get"], clients: 1, count: 2 * count)
    return figures
  }
}
