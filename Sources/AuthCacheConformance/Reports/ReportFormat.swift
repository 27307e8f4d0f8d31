/// The forms in which a report is written.
public enum ReportFormat: String, Sendable, CaseIterable {
  /// For people, in a terminal.
  case text
  /// For programs; what ``Report`` reads.
  case json
  /// For continuous integration.
  case junit
  /// For people, in a pull request.
  case markdown
  /// For people, as one page.
  case html

  /// The file's name in a report folder.
  public var fileName: String {
    switch self {
    case .text: "report.txt"
    case .json: "report.json"
    case .junit: "report.junit.xml"
    case .markdown: "report.md"
    case .html: "report.html"
    }
  }
}

extension Report {
  /// The report in one of its forms.
  public func rendered(as format: ReportFormat, style: TextStyle = .plain, contract: Contract = .current) -> String {
    switch format {
    case .text: text(style: style, contract: contract)
    case .json: json
    case .junit: junit(contract: contract)
    case .markdown: markdown(contract: contract)
    case .html: html(contract: contract)
    }
  }
}
