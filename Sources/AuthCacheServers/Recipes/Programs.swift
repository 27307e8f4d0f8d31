internal import Foundation

/// Where programs lie on this machine.
enum Programs {
  static let folders: [String] =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    + ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"]

  static func exists(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

  static func find(_ name: String) -> String? { folders.map { "\($0)/\(name)" }.first(where: exists) }

  static func subfolders(of path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }
}

extension String {
  /// As one word of a shell script.
  var quoted: String { "'" + replacing("'", with: "'\\''") + "'" }

  /// As one string of an SQL script, in single quotes.
  var quotedForSQL: String { "'" + replacing("\\", with: "\\\\").replacing("'", with: "''") + "'" }

  /// The same, for a path after the question mark, where a slash may stay.
  var percentEncodedPath: String { percentEncoded.replacing("%2F", with: "/") }

  /// As a part of an address: everything but letters, digits and `-._~` encoded (RFC 3986 § 2.3).
  var percentEncoded: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
