import AuthCache
import Testing

@testable import AuthCacheConformance

/// What a layer takes away from its delegate's properties, and that nothing else changes, however layers are stacked.
@Suite struct LayerPropertyTests {
  /// What a stack makes of the consistency beneath it, and of the durability.
  struct Row: CustomTestStringConvertible, Sendable {
    let stack: Stack
    /// What the stack adds to the bound of staleness; nil where it leaves the consistency as it is.
    let bound: Duration?
    var keepsDurability = true
    /// What a store that is linearizable becomes where no bound is added.
    var linearizable = BackendProperties.Consistency.linearizable
    /// What it adds besides to a staleness that is there already.
    var overStale = Duration.zero
    var testDescription: String { stack.name }
  }

  /// A client may be five minutes old; that is the longest of the times to live.
  static let rows = [
    Row(stack: .plain, bound: nil),
    Row(stack: .buffered, bound: nil),
    Row(stack: .cached, bound: .seconds(300)),
    Row(stack: .cachedBuffered, bound: .seconds(300)),
    Row(stack: .bufferedCached, bound: .seconds(300)),
    Row(stack: .threeDeep, bound: .seconds(600)),
    Row(stack: .threeDeepBuffered, bound: .seconds(300)),
    Row(stack: .queued, bound: nil, keepsDurability: false, linearizable: .readYourWrites, overStale: .seconds(2)),
    Row(stack: .queuedBypassed, bound: .seconds(2), keepsDurability: false),
    Row(stack: .cachedQueued, bound: .seconds(300), keepsDurability: false, overStale: .seconds(2)),
    Row(stack: .cachedQueuedBypassed, bound: .seconds(302), keepsDurability: false),
    Row(stack: .disabled, bound: nil),
  ]

  static let beneath = [
    ReferenceModel.everything,
    BackendProperties(aliases: true, durability: .server, shared: true, expiry: .native, maxPayload: 1 << 16),
    BackendProperties(
      aliases: false, durability: .process, shared: true, consistency: .stale(.seconds(3)),
      clock: .real(granularity: .milliseconds(20))),
  ]

  @Test(arguments: rows, beneath)
  func `A stack declares what is left of what its store does`(_ row: Row, _ below: BackendProperties) async throws {
    let subject = Subject(
      BackendFactory("reference") { ReferenceBackend(clock: $0.clock, properties: below) }, stack: row.stack)
    let declaration = try await subject.inspect()
    var expected = below
    if !row.keepsDurability { expected.durability = .none }
    expected.consistency =
      switch (below.consistency, row.bound) {
      case (.stale(let under), let bound): .stale(under + (bound ?? .zero) + row.overStale)
      case (_, let bound?): .stale(bound)
      case (_, nil): row.linearizable
      }
    #expect(declaration.properties == expected)
    #expect(declaration.capabilities == [.bulk, .group, .listing])
  }

  /// Requirements name what they need; a stack is asked what it still promises, and no more.
  @Test(arguments: Stack.all)
  func `Each stack is asked what it promises`(_ stack: Stack) async throws {
    let declaration = try await Subject(.memory, stack: stack).inspect()
    func isAsked(_ need: Need) -> Bool {
      declaration.outcome(ofMissing: need, for: Subject(.memory, stack: stack), children: nil) == nil
    }
    let layers = try #require(stack.layers)
    #expect(isAsked(.linearizable) == !layers.contains(.cache))
    #expect(isAsked(.cache) == layers.contains(.cache))
    for need in [Need.aliases, .bulk, .group, .listing, .injectedClock, .sweptExpiry] { #expect(isAsked(need)) }
    #expect(layers.map(\.rawValue) == stack.name.layers)
  }

  @Test func `A name means its layers from the top down, in any composition`() throws {
    for stack in Stack.all { #expect(Stack(named: stack.name)?.layers == stack.layers) }
    #expect(Stack(named: "cached+buffered")?.layers == [.cache, .buffer])
    #expect(Stack(named: "buffered+buffered+cached+cached")?.layers == [.buffer, .buffer, .cache, .cache])
    #expect(Stack(layers: [.buffer, .cache]) == .bufferedCached)
    for name in ["", "+", "cached+", "+cached", "cached+plain", "Cached", "cached-buffered", "cache", "all"] {
      #expect(Stack(named: name) == nil, "\(name)")
    }
  }
}

extension String {
  /// The layers that the name of a stack is made of.
  fileprivate var layers: [String] {
    self == "plain" ? [] : split(separator: "+").map { $0 == "cached" ? "cache" : "buffer" }
  }
}

extension Stack {
  static let queued = Stack("queued") { backend, environment in
    try backend.buffered(.queueing(.coherent), clock: environment.clock)
  }
  static let queuedBypassed = Stack("queued, bypassed") { backend, environment in
    try backend.buffered(.queueing(.bypass), clock: environment.clock)
  }
  static let cachedQueued = Stack("cached over queued") { backend, environment in
    try backend.buffered(.queueing(.coherent), clock: environment.clock).cached(clock: environment.clock)
  }
  static let cachedQueuedBypassed = Stack("cached over queued, bypassed") { backend, environment in
    try backend.buffered(.queueing(.bypass), clock: environment.clock).cached(clock: environment.clock)
  }
  static let disabled = Stack("disabled") { backend, environment in backend.withDisabledCache(environment.clock) }
}

extension BufferConfiguration {
  fileprivate static func queueing(_ reads: Reads) -> BufferConfiguration {
    BufferConfiguration(maxDelay: .seconds(2), reads: reads, queued: [.session])
  }
}

extension AuthCacheBackend {
  fileprivate func withDisabledCache(_ clock: any AuthCacheClock) -> any AuthCacheBackend {
    CachingBackend(over: self, configuration: .disabled, clock: clock)
  }
}
