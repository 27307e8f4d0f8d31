/// A layer that keeps writes for a while before it hands them to its delegate. The conformance kit asks its
/// requirements for buffers of anything that conforms; ``BufferedBackend`` does.
public protocol BufferingBackend: AuthCacheBackend {
  /// Writes what waits, and returns when it has been written.
  ///
  /// - Throws: the first failure of those writes.
  func flush() async throws(AuthCacheError)

  /// Every acknowledged record that is not known to be persisted.
  func unwritten() -> [UnwrittenRecord]
}
