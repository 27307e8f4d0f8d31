internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheSQLite
internal import Foundation

/// What `doctor` says of SQLite on this machine.
enum SQLiteDiagnosis {
  @Sendable static func diagnose(_ url: String?) async -> [BackendFactory.Diagnosis] {
    var found = [
      BackendFactory.Diagnosis(
        subject: "library", isHealthy: isRecent, found: "SQLite \(SQLiteBackend.libraryVersion)",
        remedy: "Install SQLite 3.35 or newer: RETURNING is needed.")
    ]
    guard let url else { return found }
    let path = SQLiteAddress.path(url)
    do {
      guard FileManager.default.fileExists(atPath: path) else {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let isWritable = FileManager.default.isWritableFile(atPath: folder)
        found.append(
          .init(
            subject: path, isHealthy: isWritable, found: isWritable ? "will be created" : "its folder can't be written",
            remedy: "Make \(folder), and let this user write there."))
        return found
      }
      let backend = try await SQLiteBackend(path: path)
      try await backend.close()
      found.append(.init(subject: path, isHealthy: true, found: "opens, and its schema is current"))
    } catch {
      found.append(.init(subject: path, isHealthy: false, found: "\(error.code)", remedy: error.reason))
    }
    return found
  }

  private static var isRecent: Bool {
    let numbers = SQLiteBackend.libraryVersion.split(separator: ".").compactMap { Int($0) }
    return numbers.count > 1 && (numbers[0], numbers[1]) >= (3, 35)
  }
}
