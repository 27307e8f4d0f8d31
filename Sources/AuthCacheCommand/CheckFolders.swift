internal import AuthCacheConformance
internal import Foundation

/// The folders that checks of this process made, for the case that a check could not be waited for.
enum CheckFolders {
  static func removeAll() {
    let parent = FileManager.default.temporaryDirectory
    let mine = "authcache-\(ProcessInfo.processInfo.processIdentifier)-"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    for name in names where name.hasPrefix(mine) {
      try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
    }
  }
}
