package import AuthCache

/// The name of a table, checked, because names can't be bound as parameters.
package struct TableName: Sendable, Hashable {
  package let rawValue: String

  /// - Throws: `invalidArgument` unless `rawValue` is a letter or `_` and up to 47 letters, digits or `_`.
  package init(_ rawValue: String) throws(AuthCacheError) {
    let bytes = rawValue.utf8
    guard (1...48).contains(bytes.count), bytes.allSatisfy(Self.isLetterOrDigit),
      let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    else {
      throw AuthCacheError(
        .invalidArgument, operation: .open,
        "the table name is not usable: take a letter or _ and up to 47 letters, digits or _")
    }
    self.rawValue = rawValue
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
