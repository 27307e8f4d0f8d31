/// One operation that somebody carried out: what was asked, what came back, and between which two instants.
public struct HistoryOperation: Hashable, Sendable, Codable {
  /// What was asked of one record. Bulk operations are kept as one call for each record.
  public enum Call: Hashable, Sendable, Codable {
    /// `store(record)`.
    case store(HistoryRecord)
    /// `insert(record)`.
    case insert(HistoryRecord)
    /// `load(lookup)`.
    case load(HistoryLookup)
    /// `consume(lookup)`.
    case consume(HistoryLookup)
    /// `replace(current, with: next)`: the id and the revision of the current record, and the next one.
    case replace(HistoryLookup, revision: UInt64, next: HistoryRecord)
    /// `extend(lookup, to: expiresAt)`, in milliseconds since the Unix epoch.
    case extend(HistoryLookup, to: Int64)
    /// `remove(lookup)`.
    case remove(HistoryLookup)
    /// `removeAll(in: group)`.
    case removeAll(HistoryGroup)
  }

  /// What an operation answered of one record.
  public enum Answer: Hashable, Sendable, Codable {
    /// Nothing is returned, or nothing that says something of this one record.
    case done
    /// True or false.
    case flag(Bool)
    /// A record, or that there is none.
    case record(HistoryRecord?)
    /// Another live record holds an alias.
    case conflict
    /// Failed and certainly not applied.
    case notApplied
    /// Failed, or never came back: applied at any time after it was asked for, or never.
    case unknown
  }

  /// Who asked: a task, a handle, a process.
  public var client: String
  /// What was asked for.
  public var call: Call
  /// What was answered.
  public var answer: Answer
  /// `CLOCK_MONOTONIC` in nanoseconds, which all processes of one machine share.
  public var invoked: UInt64
  /// Nil if it never came back.
  public var returned: UInt64?
  /// The backend's clock in milliseconds, read before and after.
  public var earliest: Int64
  /// The backend's clock after it, in milliseconds.
  public var latest: Int64

  /// One operation and its answer; see the properties.
  public init(
    client: String, call: Call, answer: Answer, invoked: UInt64, returned: UInt64?, earliest: Int64, latest: Int64
  ) {
    self.client = client
    self.call = call
    self.answer = answer
    self.invoked = invoked
    self.returned = returned
    self.earliest = earliest
    self.latest = latest
  }
}

extension HistoryOperation.Call {
  /// The lookup that the call is about; nil for a whole group.
  var lookup: HistoryLookup? {
    switch self {
    case .store(let record), .insert(let record): record.id
    case .load(let lookup), .consume(let lookup), .extend(let lookup, _), .remove(let lookup): lookup
    case .replace(let lookup, _, _): lookup
    case .removeAll: nil
    }
  }

  /// The record that the call would put in place.
  var written: HistoryRecord? {
    switch self {
    case .store(let record), .insert(let record): record
    case .replace(_, _, let next): next
    case .load, .consume, .extend, .remove, .removeAll: nil
    }
  }

  var isRead: Bool {
    if case .load = self { true } else { false }
  }
}

extension HistoryOperation {
  /// Whether the answer says that nothing was changed.
  var changedNothing: Bool {
    switch (call, answer) {
    case (.load, _), (_, .flag(false)), (_, .record(nil)), (_, .conflict), (_, .notApplied): true
    default: false
    }
  }
}
