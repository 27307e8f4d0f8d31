internal import AuthCache
internal import Foundation

/// The bytes of some records that must not be shown, and the forms in which they might be.
struct Secrets {
  private var named: [(name: String, forms: [[UInt8]])] = []

  init(_ record: Record) { add(record) }

  mutating func add(_ record: Record) {
    add("the payload", Array(record.payload.bytes.prefix(24)))
    add("the id's digest", record.digest.bytes)
    for (field, digest) in record.aliases.all { add("the \(field.rawValue)'s digest", digest.bytes) }
    for group in record.groups.all { add("the \(group.role.rawValue)'s digest", group.digest.bytes) }
  }

  private mutating func add(_ name: String, _ bytes: [UInt8]) {
    // The first half is enough to be a leak, and what is printed may have been cut off.
    let head = Array(bytes.prefix(12))
    var forms = Self.forms(of: head)
    forms.append(Array(head.map(String.init).joined(separator: ", ").utf8))
    forms.append(Array(head.map(String.init).joined(separator: ",").utf8))
    forms.append(Array(head.map { String(Int8(bitPattern: $0)) }.joined(separator: ", ").utf8))
    if bytes.count >= 8 {
      let word = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      forms += [Array("\(word)".utf8), Array("\(Int64(bitPattern: word))".utf8)]
    }
    named.append((name, forms))
  }

  /// `bytes` as they are, in hexadecimal of both cases, and in base 64 as far as that is the same for every ending.
  static func forms(of bytes: [UInt8]) -> [[UInt8]] {
    let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let whole = Data(bytes.prefix(bytes.count / 3 * 3)).base64EncodedString()
    let safe = whole.replacing("+", with: "-").replacing("/", with: "_")
    let escaped = whole.replacing("/", with: "\\/")
    return [bytes] + [hexadecimal, hexadecimal.uppercased(), whole, safe, escaped].map { Array($0.utf8) }
  }

  /// The names of what `text` shows.
  func shown(in text: String) -> [String] {
    let bytes = Array(text.utf8)
    return named.filter { $0.forms.contains { Self.contains($0, in: bytes) } }.map(\.name)
  }

  static func contains(_ needle: [UInt8], in haystack: [UInt8]) -> Bool {
    Data(haystack).range(of: Data(needle)) != nil
  }

  /// Everything that printing a value can come to.
  static func renderings(of value: Any) -> [(name: String, text: String)] {
    var dumped = ""
    dump(value, to: &dumped, maxDepth: 12, maxItems: 4_000)
    return [
      ("the description", String(describing: value)), ("the debug description", String(reflecting: value)),
      ("the dump", dumped),
    ]
  }
}
