extension Report {
  /// The report as JUnit XML: a suite for each chapter of each subject, a case for each requirement.
  ///
  /// A breach is a `failure`, what could not be reached is an `error`, and everything else that was not asked is
  /// `skipped` with its reason.
  public func junit(contract document: Contract = .current) -> String {
    var suites = ""
    for subject in subjects {
      for suite in Self.ordered(suites: subject.results.map(\.suite)) {
        suites += self.suite(suite, of: subject, document)
      }
    }
    if !staleKnownFailures.isEmpty {
      let cases = staleKnownFailures.map { stale in
        "    <testcase classname=\"known failures\" name=\"\(XML.escaped(stale))\" time=\"0\">\n"
          + "      <failure type=\"stale\" message=\"\(XML.escaped(stale))\"/>\n    </testcase>\n"
      }
      let count = staleKnownFailures.count
      suites +=
        "  <testsuite name=\"known failures\" tests=\"\(count)\" failures=\"\(count)\" errors=\"0\" skipped=\"0\""
        + " time=\"0\">\n\(cases.joined())  </testsuite>\n"
    }
    let all = subjects.flatMap { subject in subject.results.map { kind(of: $0, on: subject) } }
    let failures = all.count { $0 == .failure } + staleKnownFailures.count
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + "<testsuites name=\"authcache\" tests=\"\(all.count + staleKnownFailures.count)\" failures=\"\(failures)\""
      + " errors=\"\(all.count { $0 == .error })\" skipped=\"\(all.count { $0 == .skipped })\""
      + " time=\"\(seconds)\">\n\(suites)</testsuites>\n"
  }

  private enum Kind { case passed, failure, error, skipped }

  private func kind(of result: ResultReport, on subject: SubjectReport) -> Kind {
    switch result.outcome {
    case "passed": .passed
    case "failed": .failure
    case "blocked" where isRequired(subject): .error
    default: .skipped
    }
  }

  private func suite(_ suite: String, of subject: SubjectReport, _ document: Contract) -> String {
    let results = subject.results(in: suite)
    let kinds = results.map { kind(of: $0, on: subject) }
    let time = results.reduce(0) { $0 + $1.milliseconds } / 1_000
    let name = "\(subject.title): \(Self.title(of: suite))"
    var text =
      "  <testsuite name=\"\(XML.escaped(name))\" tests=\"\(results.count)\""
      + " failures=\"\(kinds.count { $0 == .failure })\" errors=\"\(kinds.count { $0 == .error })\""
      + " skipped=\"\(kinds.count { $0 == .skipped })\" time=\"\(Self.seconds(time))\""
      + " timestamp=\"\(XML.escaped(started))\">\n"
    for (result, kind) in zip(results, kinds) { text += testcase(result, kind, of: subject, document[result.id]) }
    return text + "  </testsuite>\n"
  }

  private func testcase(
    _ result: ResultReport, _ kind: Kind, of subject: SubjectReport, _ entry: Contract.Entry?
  ) -> String {
    let open =
      "    <testcase classname=\"\(XML.escaped("\(subject.title).\(result.suite)"))\""
      + " name=\"\(XML.escaped(result.id))\" time=\"\(Self.seconds(result.milliseconds / 1_000))\""
    let reason = XML.escaped("\(result.outcomeTitle): \(result.reason ?? "no reason given")")
    switch kind {
    case .passed:
      guard let note = result.note else { return open + "/>\n" }
      return open + ">\n      <system-out>\(XML.escaped(note))</system-out>\n    </testcase>\n"
    case .skipped: return open + ">\n      <skipped message=\"\(reason)\"/>\n    </testcase>\n"
    case .error:
      return open + ">\n      <error type=\"blocked\" message=\"\(reason)\"/>\n    </testcase>\n"
    case .failure:
      let message = XML.escaped(result.findings.first?.message ?? "failed")
      let lesson = XML.escaped(lesson(result, of: subject, entry: entry, style: .plain))
      return open + ">\n      <failure type=\"breach\" message=\"\(message)\">\(lesson)</failure>\n    </testcase>\n"
    }
  }

  private static func seconds(_ seconds: Double) -> Double { (seconds * 1_000_000).rounded() / 1_000_000 }
}

/// Text made fit for XML 1.0 and HTML, in content and in attributes.
enum XML {
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      // Control characters and non-characters have no place in XML 1.0 (§2.2), escaped or not.
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
