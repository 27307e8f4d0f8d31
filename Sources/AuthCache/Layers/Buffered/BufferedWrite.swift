/// One write as the buffer keeps it. A removal is by id: what an alias names is known to the delegate alone.
enum BufferedWrite: Sendable {
  case store(Record)
  case remove(Lookup)

  /// The record that it concerns.
  var id: Lookup {
    switch self {
    case .store(let record): record.id
    case .remove(let lookup): lookup
    }
  }

  var kind: RecordKind {
    switch self {
    case .store(let record): record.kind
    case .remove(let lookup): lookup.kind
    }
  }
}

/// A write that a ``BufferedBackend`` accepted and that is not known to be persisted.
public struct UnwrittenRecord: Sendable {
  /// The record, as it was handed in.
  public let record: Record
  /// Why the last attempt failed; nil if there was none yet. With `effect` unknown it may have been written.
  public let error: AuthCacheError?
}

extension Aliases {
  /// Whether every alias of `other` is one of these too.
  func cover(_ other: Aliases) -> Bool {
    (other.accessToken == nil || other.accessToken == accessToken)
      && (other.refreshToken == nil || other.refreshToken == refreshToken)
  }
}
