import AuthCacheCommand
import AuthCacheConformance
import FolderBackend

extension BackendFactory {
  static let folder = BackendFactory("folder", reopen: open, make: open)
  private static let open: Make = { place in
    try FolderBackend(folder: place.directory + "/records", clock: place.clock)
  }
}

@main struct Conformance: ConformanceCommand {
  static let backends: BackendRegistry = [.memory, .folder]
}
