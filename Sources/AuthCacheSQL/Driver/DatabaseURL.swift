package import AuthCache

/// An address such as `postgres://user:password@host:5432/database?name=value`, taken apart.
///
/// Neither part of it is ever shown by an error: the password is one of them.
package struct DatabaseURL: Sendable {
  package var scheme: String
  package var user: String?
  package var password: String?
  package var host: String?
  package var port: Int?
  package var database: String?
  package var parameters: [(name: String, value: String)] = []

  /// - Throws: `invalidArgument` that says which part can't be meant.
  package init(_ text: String, schemes: [String]) throws(AuthCacheError) {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw Self.fault("it does not begin with \(schemes[0])://")
    }
    scheme = text[..<colon].lowercased()
    guard schemes.contains(scheme) else { throw Self.fault("it does not begin with \(schemes[0])://") }
    var rest = text[text.index(colon, offsetBy: 3)...]
    if let mark = rest.firstIndex(of: "?") {
      for pair in rest[rest.index(after: mark)...].split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Self.fault("after the question mark stand pairs NAME=VALUE, joined by &") }
        parameters.append((try Self.decoded(parts[0]), try Self.decoded(parts[1])))
      }
      rest = rest[..<mark]
    }
    if let slash = rest.firstIndex(of: "/") {
      let name = try Self.decoded(rest[rest.index(after: slash)...])
      database = name.isEmpty ? nil : name
      rest = rest[..<slash]
    }
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      user = parts[0].isEmpty ? nil : try Self.decoded(parts[0])
      password = parts.count == 2 ? try Self.decoded(parts[1]) : nil
      rest = rest[rest.index(after: at)...]
    }
    if rest.first == "[", let end = rest.firstIndex(of: "]") {
      host = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      let name = try Self.decoded(rest[..<end])
      host = name.isEmpty ? nil : name
      rest = rest[end...]
    }
    guard rest.first == ":" else { return }
    guard let port = Int(rest.dropFirst()), (1...65_535).contains(port) else {
      throw Self.fault("its port is not a number from 1 to 65535")
    }
    self.port = port
  }

  package static func fault(_ reason: String) -> AuthCacheError {
    AuthCacheError(.invalidArgument, operation: .open, "the address of the database can't be understood: \(reason)")
  }

  private static func decoded(_ text: Substring) throws(AuthCacheError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      rest = rest.dropFirst(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
        throw fault("a percent sign is not followed by two hexadecimal digits; write %25 for the sign itself")
      }
      bytes.append(value)
    }
    guard !bytes.contains(0) else { throw fault("it holds a NUL byte") }
    return String(decoding: bytes, as: UTF8.self)
  }
}
