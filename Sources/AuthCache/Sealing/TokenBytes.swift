/// What a token, a code or an identifier can be given as: text or bytes.
///
/// Every byte counts: nothing is folded, trimmed or normalized, and NUL is a byte like any other. Give bytes where the
/// input may not be UTF-8: `String(decoding:as:)` turns different invalid inputs into the same text.
public protocol TokenBytes: Sendable {
  /// Calls `body` with the bytes, which are valid during the call only.
  func withTokenBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
}

extension String: TokenBytes {
  /// The UTF-8 bytes of the text.
  @inlinable
  public func withTokenBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) } ?? [UInt8](utf8).withUnsafeBytes(body)
  }
}

extension Substring: TokenBytes {
  /// The UTF-8 bytes of the text.
  @inlinable
  public func withTokenBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) } ?? [UInt8](utf8).withUnsafeBytes(body)
  }
}

extension Array<UInt8>: TokenBytes {
  @inlinable
  public func withTokenBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { withUnsafeBytes(body) }
}

extension ArraySlice<UInt8>: TokenBytes {
  @inlinable
  public func withTokenBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { withUnsafeBytes(body) }
}
