/// Whether a text report is coloured, for a terminal, or plain.
public enum TextStyle: Sendable {
  case plain
  case terminal

  enum Colour: String {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
    case faint = "2"
    case bold = "1"
  }

  func paint(_ text: String, _ colour: Colour?) -> String {
    guard self == .terminal, let colour, !text.isEmpty else { return text }
    return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
  }
}

extension TextStyle {
  public func red(_ text: String) -> String { paint(text, .red) }
  public func green(_ text: String) -> String { paint(text, .green) }
  public func faint(_ text: String) -> String { paint(text, .faint) }
  public func bold(_ text: String) -> String { paint(text, .bold) }
}
