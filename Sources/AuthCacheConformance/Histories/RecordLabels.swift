public import AuthCache
internal import Synchronization

/// Names records in traces without a digit of their digests: `session 1` is the first session that was mentioned.
public final class RecordLabels: Sendable {
  private struct State {
    var keys: [Lookup: Int] = [:]
    var keyCounts: [String: Int] = [:]
    var revisions: [UInt64: Int] = [:]
    var groups: [Group: Int] = [:]
  }

  private let state = Mutex(State())

  /// No label has been given yet.
  public init() {}

  /// Such as `session 1` or `access token 2`.
  public func label(_ lookup: Lookup) -> String {
    let family =
      switch lookup.field {
      case .id: lookup.kind.rawValue
      case .accessToken: "access token"
      case .refreshToken: "refresh token"
      }
    return state.withLock { state in
      if let number = state.keys[lookup] { return "\(family) \(number)" }
      let number = state.keyCounts[family, default: 0] + 1
      state.keyCounts[family] = number
      state.keys[lookup] = number
      return "\(family) \(number)"
    }
  }

  /// Such as `session 1 r2`: the key and which of the mentioned revisions.
  public func label(_ record: Record) -> String { "\(label(record.id)) \(label(revision: record.revision))" }

  /// Such as `r2`.
  public func label(revision: UInt64) -> String {
    state.withLock { state in
      if let number = state.revisions[revision] { return "r\(number)" }
      let number = state.revisions.count + 1
      state.revisions[revision] = number
      return "r\(number)"
    }
  }

  /// Such as `grant 1`.
  public func label(_ group: Group) -> String {
    state.withLock { state in
      let number = state.groups[group] ?? state.groups.count + 1
      state.groups[group] = number
      return "\(group.role.rawValue) \(number)"
    }
  }

  /// What was asked, in the present tense: `consume code 1`.
  public func describe(_ call: BackendCall) -> String {
    switch call {
    case .store(let record), .insert(let record): "\(call.operation) \(label(record))"
    case .load(let lookup), .consume(let lookup), .remove(let lookup), .extend(let lookup, _):
      "\(call.operation) \(label(lookup))"
    case .replace(let current, let next): "replace \(label(current)) by \(label(revision: next.revision))"
    case .removeExpired(_, let limit): "removeExpired, at most \(limit)"
    case .close: "close"
    case .storeContents(let records): "store \(list(records.map { label($0) }))"
    case .removeContents(let lookups): "remove \(list(lookups.map { label($0) }))"
    case .loadContents(let lookups): "load \(list(lookups.map { label($0) }))"
    case .removeAll(let group): "remove all of \(label(group))"
    case .records(let kind, let after, let limit):
      "list \(limit) of \(kind)\(after.map { " after " + label(.id(kind, $0)) } ?? "")"
    }
  }

  /// What came back: `returned r1`, `found nothing`.
  public func describe(_ answer: BackendAnswer, to call: BackendCall) -> String {
    switch answer {
    case .done: "returned"
    case .flag(let flag): "returned \(flag)"
    case .record(let record): record.map { "got \(label(revision: $0.revision))" } ?? "got nothing"
    case .expired(let counts): "removed \(counts)"
    case .flags(let flags): "returned \(flags)"
    case .found(let records):
      "got \(list(records.map { $0.map { label(revision: $0.revision) } ?? "nothing" }))"
    case .count(let count): "removed \(count)"
    case .page(let records): "got \(list(records.map { label($0) }))"
    }
  }

  private func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
}
