internal import AuthCacheConformance
internal import Foundation

/// The folder after `--report`: made and tried before anything runs, filled at the end.
struct ReportFolder: Sendable {
  let path: String

  /// - Throws: a usage fault if nothing can be written there.
  init(path: String) throws {
    self.path = path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      throw Fault.usage("--report needs a folder, and “\(path)” is a file.")
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let probe = URL(fileURLWithPath: path).appendingPathComponent(".authcache-\(UUID().uuidString)")
      try Data().write(to: probe)
      try FileManager.default.removeItem(at: probe)
    } catch {
      throw Fault.usage(
        "Reports can't be written to “\(path)”: \(Self.reason(error)). Name a folder that you may write to.")
    }
  }

  /// - Throws: a blocked fault if a file can't be written.
  func write(_ files: [(name: String, text: String)]) throws {
    for (name, text) in files {
      do {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path).appendingPathComponent(name), options: .atomic)
      } catch {
        throw Fault.blocked("\(path)/\(name) could not be written: \(Self.reason(error)).")
      }
    }
  }

  func write(_ report: Report) throws {
    try write(ReportFormat.allCases.map { ($0.fileName, report.rendered(as: $0)) })
  }

  /// The system's own words for what went wrong.
  static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let posix = [underlying, error as NSError].compactMap { $0 }.first { $0.domain == NSPOSIXErrorDomain }
    if let posix { return String(cString: strerror(Int32(posix.code))).lowercased() }
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: return "there is no such file"
    case .fileReadNoPermission, .fileWriteNoPermission: return "permission denied"
    case .fileWriteVolumeReadOnly: return "the file system is read-only"
    case .fileWriteOutOfSpace: return "the disk is full"
    case .fileWriteFileExists: return "a file of that name is in the way"
    default: return error.localizedDescription
    }
  }
}
