internal import AuthCache
internal import Synchronization

/// What a check did, in order, with times: what a failure prints and what a deadline names.
///
/// Digests appear as `#1`, `#2` in order of first appearance, so that a trace can be followed and holds no secret.
public final class OperationTrace: Sendable {
  private struct Entry {
    let handle: String
    let call: String
    let started: Duration
    var answer: String?
  }

  private struct State {
    var entries: [Entry] = []
    var dropped = 0
    var labels: [RecordDigest: Int] = [:]
  }

  private let state = Mutex(State())
  private let clock: any AuthCacheClock
  private let start: Timestamp
  private static let capacity = 2_000

  init(clock: any AuthCacheClock) {
    self.clock = clock
    start = clock.now
  }

  func began(_ call: BackendCall, on handle: String) -> Int {
    let now = clock.now
    return state.withLock { state in
      let text = Self.text(of: call, labels: &state.labels, now: now)
      state.entries.append(Entry(handle: handle, call: text, started: start.duration(to: now), answer: nil))
      if state.entries.count > Self.capacity {
        state.entries.removeFirst(Self.capacity / 2)
        state.dropped += Self.capacity / 2
      }
      return state.dropped + state.entries.count - 1
    }
  }

  func ended(_ index: Int, _ answer: Result<BackendAnswer, AuthCacheError>) {
    state.withLock { state in
      let position = index - state.dropped
      guard state.entries.indices.contains(position) else { return }
      state.entries[position].answer = Self.text(of: answer, labels: &state.labels)
    }
  }

  /// A line that the check adds by itself, such as an advance of the clock.
  func note(_ text: String) {
    let now = clock.now
    state.withLock {
      $0.entries.append(Entry(handle: "", call: text, started: start.duration(to: now), answer: ""))
    }
  }

  /// The last `limit` lines, oldest first.
  public func lines(last limit: Int = 40) -> [String] {
    state.withLock { state in
      let hidden = state.dropped + max(0, state.entries.count - limit)
      let lines = state.entries.suffix(limit).map(Self.line)
      return hidden == 0 ? lines : ["… \(hidden) earlier operations"] + lines
    }
  }

  /// The operations that have begun and not ended.
  public var inFlight: [String] {
    state.withLock { $0.entries.filter { $0.answer == nil }.map(Self.line) }
  }

  private static func line(_ entry: Entry) -> String {
    let handle = entry.handle.isEmpty ? "" : "\(entry.handle) "
    let answer =
      switch entry.answer {
      case nil: " → (no answer yet)"
      case "": ""
      case let answer?: " → \(answer)"
      }
    return "+\(entry.started.wholeMilliseconds) ms  \(handle)\(entry.call)\(answer)"
  }

  private static func text(of call: BackendCall, labels: inout [RecordDigest: Int], now: Timestamp) -> String {
    func record(_ record: Record) -> String {
      var parts = ["\(record.kind) \(label(record.digest, &labels))"]
      parts += record.aliases.all.map { "\($0.field.rawValue) \(label($0.digest, &labels))" }
      parts += record.groups.all.map { "\($0.role.rawValue) \(label($0.digest, &labels))" }
      parts.append("revision \(String(record.revision & 0xFFFF, radix: 16))")
      parts.append(record.expiresAt.map { "expires \(relative($0, to: now))" } ?? "never expires")
      parts.append("\(record.payload.count) bytes")
      return parts.joined(separator: ", ")
    }
    func lookup(_ lookup: Lookup) -> String {
      let field = lookup.field == .id ? "" : " by \(lookup.field.rawValue)"
      return "\(lookup.kind)\(field) \(label(lookup.digest, &labels))"
    }
    func some<Element>(_ elements: [Element], _ text: (Element) -> String) -> String {
      let shown = elements.prefix(4).map(text).joined(separator: "; ")
      return "\(elements.count): \(shown)\(elements.count > 4 ? "; …" : "")"
    }
    return switch call {
    case .store(let stored): "store(\(record(stored)))"
    case .insert(let stored): "insert(\(record(stored)))"
    case .load(let found): "load(\(lookup(found)))"
    case .consume(let found): "consume(\(lookup(found)))"
    case .replace(let current, let next):
      "replace(revision \(String(current.revision & 0xFFFF, radix: 16)), with: \(record(next)))"
    case .extend(let found, let end): "extend(\(lookup(found)), to: \(relative(end, to: now)))"
    case .remove(let found): "remove(\(lookup(found)))"
    case .removeExpired(let cutoff, let limit):
      "removeExpired(through: \(relative(cutoff, to: now)), limit: \(limit))"
    case .close: "close()"
    case .storeContents(let records): "store(contentsOf: \(some(records, record)))"
    case .removeContents(let lookups): "remove(contentsOf: \(some(lookups, lookup)))"
    case .loadContents(let lookups): "load(contentsOf: \(some(lookups, lookup)))"
    case .removeAll(let group): "removeAll(in: \(group.role.rawValue) \(label(group.digest, &labels)))"
    case .records(let kind, let after, let limit):
      "records(of: \(kind), after: \(after.map { label($0, &labels) } ?? "nil"), limit: \(limit))"
    }
  }

  private static func text(
    of answer: Result<BackendAnswer, AuthCacheError>, labels: inout [RecordDigest: Int]
  ) -> String {
    func record(_ record: Record?) -> String {
      guard let record else { return "nil" }
      return "\(record.kind) \(label(record.digest, &labels)) revision \(String(record.revision & 0xFFFF, radix: 16))"
    }
    return switch answer {
    case .failure(let error): "threw \(error.code), effect \(error.effect.rawValue)"
    case .success(.done): "done"
    case .success(.flag(let flag)): "\(flag)"
    case .success(.record(let found)): record(found)
    case .success(.expired(let counts)): "removed \(counts)"
    case .success(.flags(let flags)): "\(flags.count) answers, \(flags.count { $0 }) true"
    case .success(.found(let records)): "\(records.count) answers, \(records.count { $0 != nil }) records"
    case .success(.count(let count)): "\(count)"
    case .success(.page(let records)): "\(records.count) records"
    }
  }

  private static func label(_ digest: RecordDigest, _ labels: inout [RecordDigest: Int]) -> String {
    if let known = labels[digest] { return "#\(known)" }
    labels[digest] = labels.count + 1
    return "#\(labels.count)"
  }

  private static func relative(_ instant: Timestamp, to now: Timestamp) -> String {
    let distance = now.duration(to: instant).wholeMilliseconds
    return distance == 0 ? "now" : distance > 0 ? "in \(distance) ms" : "\(-distance) ms ago"
  }
}

/// Writes every call of one handle into a trace.
struct TraceInterceptor: BackendInterceptor {
  let trace: OperationTrace
  let handle: String

  func intercept(
    _ call: BackendCall, proceed: BackendProceed
  ) async throws(AuthCacheError) -> BackendAnswer {
    let entry = trace.began(call, on: handle)
    do {
      let answer = try await proceed(call)
      trace.ended(entry, .success(answer))
      return answer
    } catch {
      trace.ended(entry, .failure(error))
      throw error
    }
  }
}
