/// A JSON value whose keys keep the order in which they were written.
indirect enum JSONText: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByDictionaryLiteral
{
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONText])
  case object([(key: String, value: JSONText)])

  init(stringLiteral value: String) { self = .string(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(dictionaryLiteral elements: (String, JSONText)...) { self = .object(elements.map { (key: $0, value: $1) }) }

  init(_ text: String?) { self = text.map { .string($0) } ?? .null }
  init(_ number: Int?) { self = number.map { .integer($0) } ?? .null }
  init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }

  /// Indented by two spaces, with a newline at the end.
  var document: String {
    var text = ""
    write(to: &text, indent: "")
    return text + "\n"
  }

  private func write(to text: inout String, indent: String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, to: &text)
    case .array(let values):
      Self.writeAll(values, between: ("[", "]"), to: &text, indent: indent) { value, text, indent in
        value.write(to: &text, indent: indent)
      }
    case .object(let fields):
      Self.writeAll(fields, between: ("{", "}"), to: &text, indent: indent) { field, text, indent in
        Self.quote(field.key, to: &text)
        text += ": "
        field.value.write(to: &text, indent: indent)
      }
    }
  }

  private static func writeAll<Elements: Collection>(
    _ elements: Elements, between brackets: (String, String), to text: inout String, indent: String,
    _ write: (Elements.Element, inout String, String) -> Void
  ) {
    text += brackets.0
    let inner = indent + "  "
    for (index, element) in elements.enumerated() {
      text += index == 0 ? "\n" : ",\n"
      text += inner
      write(element, &text, inner)
    }
    if !elements.isEmpty { text += "\n" + indent }
    text += brackets.1
  }

  /// RFC 8259 §7: only the quotation mark, the reverse solidus and control characters must be escaped.
  private static func quote(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
