internal import AuthCacheConformance
internal import Foundation

extension KnownFailures {
  /// Reads the file after `--known-failures`.
  ///
  /// - Throws: a usage fault that says what is wrong with it.
  init(path: String) throws {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw Fault.usage("--known-failures: “\(path)” can't be read: \(ReportFolder.reason(error)).")
    }
    do { try self.init(json: data) } catch {
      let reason = (error as? DecodingError)?.sentence ?? error.localizedDescription
      throw Fault.usage(
        "--known-failures: “\(path)” is no list of known failures: \(reason). It is a JSON array of "
          + "{\"id\": …, \"backend\": …, \"stack\": …, \"reason\": …, \"until\": \"2027-01-31\"}.")
    }
    do {
      try RequirementChoice.names.check(entries.map(\.id))
      for entry in entries where entry.stack != "*" { _ = try Stack(word: entry.stack) }
    } catch let fault as Fault {
      throw Fault.usage("--known-failures: “\(path)”: \(fault.sentence)")
    }
  }
}
