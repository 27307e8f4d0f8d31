/// Whether a text report is coloured, for a terminal, or plain.
public enum TextStyle: Sendable {
  /// Nothing but text.
  case plain
  /// Colours, for a terminal.
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
  /// The text in red.
  public func red(_ text: String) -> String { paint(text, .red) }
  /// The text in green.
  public func green(_ text: String) -> String { paint(text, .green) }
  /// The text in grey.
  public func faint(_ text: String) -> String { paint(text, .faint) }
  /// The text in bold.
  public func bold(_ text: String) -> String { paint(text, .bold) }
}
