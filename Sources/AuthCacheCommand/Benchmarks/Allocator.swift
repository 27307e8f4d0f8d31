#if canImport(Glibc)
internal import Glibc

/// What the C library's allocator says of itself.
enum Allocator {
  /// The bytes in use in this process, or nil if the allocator does not say. What mallinfo2(3) counts as `uordblks` and
  /// `hblkhd`, taken from malloc_info(3), which can be called without a header that Swift does not have.
  static var bytesInUse: Int? {
    guard let text = information else { return nil }
    // The totals of all arenas stand after the last of them.
    guard let totals = text.components(after: "</heap>") else { return nil }
    guard let system = totals.size(of: "<system type=\"current\""), let fast = totals.size(of: "<total type=\"fast\""),
      let rest = totals.size(of: "<total type=\"rest\"")
    else { return nil }
    return system - fast - rest + (totals.size(of: "<total type=\"mmap\"") ?? 0)
  }

  /// How often this process has asked for memory; nil unless a library is loaded that counts it and exports
  /// `authcache_allocations`.
  static var count: Int? {
    typealias Counter = @convention(c) () -> Int
    guard let symbol = dlsym(nil, "authcache_allocations") else { return nil }
    return unsafeBitCast(symbol, to: Counter.self)()
  }

  private static var information: Substring? {
    typealias Inform = @convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32
    guard let symbol = dlsym(nil, "malloc_info") else { return nil }
    var bytes: UnsafeMutablePointer<CChar>?
    var count = 0
    guard let file = open_memstream(&bytes, &count) else { return nil }
    let status = unsafeBitCast(symbol, to: Inform.self)(0, file)
    fclose(file)
    defer { free(bytes) }
    guard status == 0, let bytes else { return nil }
    return Substring(String(cString: bytes))
  }
}

extension Substring {
  /// What comes after the last `mark`.
  fileprivate func components(after mark: String) -> Substring? {
    ranges(of: mark).last.map { self[$0.upperBound...] }
  }

  /// The number in `size="…"` that follows the last `mark`.
  fileprivate func size(of mark: String) -> Int? {
    guard let rest = components(after: mark), let start = rest.firstRange(of: "size=\"") else { return nil }
    return Int(rest[start.upperBound...].prefix { $0.isNumber })
  }
}
#else
/// Other C libraries are not asked.
enum Allocator {
  static var bytesInUse: Int? { nil }
  static var count: Int? { nil }
}
#endif
