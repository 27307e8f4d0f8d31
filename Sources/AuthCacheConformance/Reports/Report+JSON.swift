extension Report {
  /// The report as JSON, version 1: every key always there, always in the same order.
  public var json: String {
    let document: JSONText = [
      "format": .integer(format), "contract": .integer(contract), "kit": .string(kit), "seed": .string(seed),
      "started": .string(started), "seconds": .number(seconds), "complete": .bool(complete),
      "platform": [
        "swift": .string(platform.swift), "os": .string(platform.os), "cores": .integer(platform.cores),
      ],
      "subjects": .array(subjects.map(\.jsonText)),
      "staleKnownFailures": JSONText(staleKnownFailures),
      "required": required.map { JSONText($0) } ?? .null,
    ]
    return document.document
  }
}

extension Report.SubjectReport {
  fileprivate var jsonText: JSONText {
    [
      "backend": .string(backend), "server": JSONText(server), "stack": .string(stack),
      "properties": .object(properties.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) }),
      "capabilities": JSONText(capabilities),
      "totals": .object(Outcome.names.map { (key: $0, value: .integer(totals[$0] ?? 0)) }),
      "results": .array(results.map(\.jsonText)),
    ]
  }
}

extension Report.ResultReport {
  fileprivate var jsonText: JSONText {
    let note: [(key: String, value: JSONText)] = note.map { [("note", .string($0))] } ?? []
    return .object(
      [
        ("id", .string(id)), ("suite", .string(suite)), ("outcome", .string(outcome)),
        ("milliseconds", .number(milliseconds)), ("reason", JSONText(reason)),
      ] + note + [("findings", .array(findings.map(\.jsonText))), ("replay", JSONText(replay))])
  }
}

extension Finding {
  fileprivate var jsonText: JSONText {
    [
      "message": .string(message), "expected": JSONText(expected), "found": JSONText(found),
      "operations": JSONText(operations), "likelyCause": JSONText(likelyCause), "file": JSONText(file),
      "line": JSONText(line),
    ]
  }
}
