extension SabotageReport {
  /// The kill matrix for people: a line for each mutant, then what nobody broke, then one sentence.
  public func text(style: TextStyle = .plain) -> String {
    let width = mutants.map(\.name.count).max() ?? 0
    var text = ""
    for mutant in mutants {
      let mark = mutant.caught ? style.green("caught  ") : style.red("SURVIVED")
      let others = mutant.caughtBy.count - (mutant.caught ? 1 : 0)
      let more = others == 0 ? "" : style.faint(" and \(others) more")
      text += "\(mark)  \(mutant.name.padded(to: width))  \(mutant.boundTo)\(more)\n"
      if !mutant.caught { text += "          \(mutant.mistake)\n" }
    }
    if !requirementsNeverSeenFailing.isEmpty {
      text += "\n" + style.bold("Never seen failing") + "\n"
      text += requirementsNeverSeenFailing.map { "  \($0)\n" }.joined()
    }
    let caught = mutants.count { $0.caught }
    let sentence = "\(caught) of \(mutants.count) mutants caught."
    return text + "\n" + (isComplete ? style.green(sentence) : style.red(sentence)) + "\n"
  }

  /// The report as JSON.
  public var json: String {
    let document: JSONText = [
      "format": .integer(format),
      "mutants": .array(
        mutants.map { mutant in
          [
            "name": .string(mutant.name), "mistake": .string(mutant.mistake), "boundTo": .string(mutant.boundTo),
            "caughtBy": JSONText(mutant.caughtBy), "caught": .bool(mutant.caught),
          ]
        }), "requirementsNeverSeenFailing": JSONText(requirementsNeverSeenFailing),
    ]
    return document.document
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
