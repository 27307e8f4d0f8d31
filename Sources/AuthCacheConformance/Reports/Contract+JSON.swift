extension Contract {
  /// The contract as JSON.
  public var json: String {
    let document: JSONText = [
      "contract": .integer(contract),
      "requirements": .array(
        requirements.map { entry in
          [
            "id": .string(entry.id), "suite": .string(entry.suite), "level": .string(entry.level),
            "statement": .string(entry.statement), "consequence": .string(entry.consequence),
            "references": JSONText(entry.references), "needs": JSONText(entry.needs),
            "provenBy": JSONText(entry.provenBy),
          ]
        }),
    ]
    return document.document
  }
}
