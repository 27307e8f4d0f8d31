extension BackendProperties {
  /// Throws `tooLarge` or `unsupported` if a backend with these properties can't take `record`.
  ///
  /// Call it before anything is sent.
  public func validate(
    _ record: Record, for operation: AuthCacheError.Operation
  ) throws(AuthCacheError) {
    guard record.payload.count <= maxPayload else {
      throw AuthCacheError(
        .tooLarge, operation: operation, kind: record.kind,
        "the payload has \(record.payload.count) bytes; at most \(maxPayload) are taken")
    }
    guard aliases || record.aliases.isEmpty else {
      throw AuthCacheError(
        .unsupported, operation: operation, kind: record.kind, "this backend keeps no aliases")
    }
  }

  /// Throws `unsupported` if a backend with these properties has no such lookup.
  public func validate(_ lookup: Lookup, for operation: AuthCacheError.Operation) throws(AuthCacheError) {
    guard aliases || lookup.field == .id else {
      throw AuthCacheError(
        .unsupported, operation: operation, kind: lookup.kind,
        "this backend has no lookup by \(lookup.field.rawValue)")
    }
  }

  /// Throws as for the single record, and `invalidArgument` unless `next` succeeds `current` under its kind and id.
  public func validate(replacing current: Record, with next: Record) throws(AuthCacheError) {
    guard current.kind == next.kind, current.digest == next.digest else {
      throw AuthCacheError(
        .invalidArgument, operation: .replace, kind: current.kind,
        "the next record must have the kind and the id of the current one")
    }
    try validate(next, for: .replace)
  }
}

extension AuthCacheError {
  /// Throws `invalidArgument` unless a sweep may run with these arguments at `now`.
  public static func validateSweep(
    through cutoff: Timestamp, limit: Int, at now: Timestamp
  ) throws(AuthCacheError) {
    guard cutoff <= now else {
      throw AuthCacheError(.invalidArgument, operation: .removeExpired, "the cutoff lies in the future")
    }
    guard limit >= 0 else {
      throw AuthCacheError(.invalidArgument, operation: .removeExpired, "the limit is negative")
    }
  }
}
