/// Roughly how often each of many hashes came up lately, in four bits a counter.
///
/// A count-min sketch (Cormode, Muthukrishnan: An Improved Data Stream Summary, 2005) of four rows whose counters are
/// halved after a number of additions, so that old fame fades (Einziger, Friedman, Manes: TinyLFU, ACM ToS 2017).
struct FrequencySketch: Sendable {
  private var words: [UInt64]
  private let mask: UInt64
  private let period: Int
  private var additions = 0

  static let most = 15

  /// For a cache of `capacity` records.
  init(capacity: Int) {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    words = [UInt64](repeating: 0, count: count)
    mask = UInt64(count - 1)
    period = 20 * max(16, capacity)
  }

  func frequency(of hash: UInt64) -> Int {
    var least = Self.most
    for row in 0..<4 {
      let (word, shift) = place(of: hash, row)
      least = min(least, Int(words[word] >> shift & 15))
    }
    return least
  }

  /// Adds `count` to what is known of `hash`.
  mutating func add(_ hash: UInt64, _ count: Int = 1) {
    var isNews = false
    for row in 0..<4 {
      let (word, shift) = place(of: hash, row)
      let room = min(count, Self.most - Int(words[word] >> shift & 15))
      words[word] += UInt64(room) << shift
      if room > 0 { isNews = true }
    }
    // What is as famous as can be says nothing new, and must not make the others fade.
    guard isNews else { return }
    additions += count
    if additions >= period { halve() }
  }

  private mutating func halve() {
    for index in words.indices { words[index] = words[index] >> 1 & 0x7777_7777_7777_7777 }
    additions /= 2
  }

  /// Sixteen counters to a word, four of them for each row.
  private func place(of hash: UInt64, _ row: Int) -> (word: Int, shift: UInt64) {
    let mixed = (hash &+ UInt64(row) &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    let word = Int(truncatingIfNeeded: (mixed ^ mixed >> 31) & mask)
    return (word, UInt64(row) << 4 | (mixed >> 60 & 3) << 2)
  }
}
