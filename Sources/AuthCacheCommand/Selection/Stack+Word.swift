internal import AuthCacheConformance

extension Stack {
  /// The stack that a word after `--stack` means.
  ///
  /// - Throws: a usage fault that names the layers and gives an example.
  init(word: String) throws {
    guard let stack = Stack(named: word) else { throw Self.fault(of: word) }
    self = stack
  }

  private static func fault(of word: String) -> Fault {
    let layers = Layer.allCases.map(\.word)
    let parts = word.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    let unknown = parts.first { !layers.contains($0) } ?? word
    let guesses = parts.compactMap(Names("layer", layers).closest(to:))
    let guess =
      parts.count > 1 && guesses.count == parts.count
      ? guesses.joined(separator: "+") : Names("stack", Stack.all.map(\.name) + ["all"]).closest(to: word)
    return .usage(
      "There is no \(parts.count > 1 ? "layer" : "stack") “\(unknown)”."
        + (guess.map { " Did you mean “\($0)”?" } ?? "")
        + " Valid: plain, all, or the layers \(layers.joined(separator: " and ")) from the top down, joined by “+”: "
        + "cached+buffered is a cache over a write buffer over the store.")
  }
}
