/// The valid words of one sort, and what to say to somebody who wrote another.
struct Names {
  let sort: String
  let names: [String]
  /// Where to read them all, when they are too many to print.
  let source: String?

  init(_ sort: String, _ names: [String], source: String? = nil) {
    self.sort = sort
    self.names = names
    self.source = source
  }

  /// How options take several.
  static let howToWrite = "several with commas, spaces or repeated"

  /// - Throws: a usage fault that names what is valid.
  func check(_ words: [String]) throws {
    for word in words where !names.contains(word) { throw fault(of: word) }
  }

  func fault(of word: String) -> Fault {
    let guess = closest(to: word).map { " Did you mean “\($0)”?" } ?? ""
    let all =
      names.count <= 24 || source == nil
      ? " Valid: \(names.isEmpty ? "none" : names.joined(separator: ", "))." : " \(source ?? "")"
    return .usage("There is no \(sort) “\(word)”.\(guess)\(all)")
  }

  /// The name with the fewest edits, if they are few enough to be a slip.
  func closest(to word: String) -> String? {
    let word = word.lowercased()
    let ranked = names.map { (name: $0, distance: Self.distance(word, $0.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    if best.distance <= max(2, word.count / 3) { return best.name }
    return names.first { !word.isEmpty && ($0.lowercased().hasPrefix(word) || word.hasPrefix($0.lowercased())) }
  }

  /// How many letters must be put in, taken out, changed or swapped with their neighbour.
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(80)), Array(b.prefix(80)))
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var rows = [Array(0...b.count)]
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}

extension Array where Element == String {
  /// Words that were given one by one or separated by commas.
  var words: [String] { flatMap { $0.split(separator: ",").map(String.init) } }
}
