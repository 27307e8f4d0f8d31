import AuthCache
import CoreMetrics
import Synchronization

/// What the code that runs inside ``record(_:)`` tells swift-metrics. Other tests, at the same time, tell it nothing.
final class RecordedMetrics: Sendable {
  struct Key: Hashable, Sendable {
    let label: String
    let dimensions: [String]
  }

  private struct State {
    var made: Set<Key> = []
    var sums: [Key: Int64] = [:]
    var values: [Key: [Int64]] = [:]
  }

  @TaskLocal private static var current: RecordedMetrics?
  // A process has one metrics system. This one hands on to whoever records where an instrument is made.
  private static let isInstalled: Bool = {
    MetricsSystem.bootstrap(Factory())
    return true
  }()

  private let state = Mutex(State())

  /// Every instrument that was made.
  var made: Set<Key> { state.withLock { $0.made } }

  /// What was added to a counter.
  func sum(_ label: String, _ dimensions: [(String, String)] = []) -> Int {
    Int(state.withLock { $0.sums[Key(label, dimensions)] } ?? 0)
  }

  /// What a gauge or a timer was given, in order.
  func values(_ label: String) -> [Int64] { state.withLock { $0.values[Key(label, [])] } ?? [] }

  static func record<Result>(_ body: (RecordedMetrics) async throws -> Result) async rethrows -> Result {
    _ = isInstalled
    let recorded = RecordedMetrics()
    return try await $current.withValue(recorded) { try await body(recorded) }
  }

  fileprivate func make(_ key: Key) { state.withLock { _ = $0.made.insert(key) } }
  fileprivate func add(_ amount: Int64, to key: Key) { state.withLock { $0.sums[key, default: 0] += amount } }
  fileprivate func note(_ value: Int64, of key: Key) { state.withLock { $0.values[key, default: []].append(value) } }

  private struct Factory: MetricsFactory {
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
      instrument(label, dimensions)
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
      instrument(label, dimensions)
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { instrument(label, dimensions) }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func instrument(_ label: String, _ dimensions: [(String, String)]) -> Instrument {
      let instrument = Instrument(key: Key(label, dimensions), recorded: RecordedMetrics.current)
      instrument.recorded?.make(instrument.key)
      return instrument
    }
  }

  private final class Instrument: CounterHandler, RecorderHandler, TimerHandler {
    let key: Key
    let recorded: RecordedMetrics?

    init(key: Key, recorded: RecordedMetrics?) {
      self.key = key
      self.recorded = recorded
    }

    func increment(by amount: Int64) { recorded?.add(amount, to: key) }
    func reset() {}
    func record(_ value: Int64) { recorded?.note(value, of: key) }
    func record(_ value: Double) { recorded?.note(Int64(value), of: key) }
    func recordNanoseconds(_ duration: Int64) { recorded?.note(duration, of: key) }
  }
}

extension RecordedMetrics.Key {
  init(_ label: String, _ dimensions: [(String, String)]) {
    self.init(label: label, dimensions: dimensions.map { "\($0.0)=\($0.1)" })
  }
}
