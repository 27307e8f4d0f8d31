internal import Foundation

#if canImport(Darwin)
internal import Darwin
#endif

/// The files that this process has open.
enum OpenFiles {
  /// The names of those under `folder`, which are this check's alone.
  static func names(under folder: String) -> [String] {
    let prefixes = Set([folder, URL(fileURLWithPath: folder).resolvingSymlinksInPath().path]).map { $0 + "/" }
    return paths.filter { path in prefixes.contains { path.hasPrefix($0) } }
      .map { String($0.split(separator: "/").last ?? "") }.sorted()
  }

  #if canImport(Darwin)
  private static var paths: [String] {
    (0..<getdtablesize()).compactMap { number in
      var path = [CChar](repeating: 0, count: Int(MAXPATHLEN))
      guard fcntl(number, F_GETPATH, &path) == 0 else { return nil }
      return String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
  #else
  private static var paths: [String] {
    let folder = "/proc/self/fd"
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
  }
  #endif
}
