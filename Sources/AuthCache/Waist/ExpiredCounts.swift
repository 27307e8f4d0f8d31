/// How many expired records of each kind were removed.
public struct ExpiredCounts: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  /// The counts above zero, by kind.
  public private(set) var byKind: [RecordKind: Int]

  /// Counts by kind; those of zero are left out.
  public init(_ byKind: [RecordKind: Int] = [:]) { self.byKind = byKind.filter { $0.value != 0 } }

  public init(dictionaryLiteral elements: (RecordKind, Int)...) {
    self.init(Dictionary(elements, uniquingKeysWith: +))
  }

  /// How many in all.
  public var total: Int { byKind.values.reduce(0, +) }

  /// How many of that kind; zero if none.
  public subscript(kind: RecordKind) -> Int { byKind[kind] ?? 0 }

  /// Counts so many more of that kind.
  public mutating func add(_ count: Int = 1, of kind: RecordKind) {
    if count != 0 { byKind[kind, default: 0] += count }
  }

  /// Both together.
  public static func + (a: ExpiredCounts, b: ExpiredCounts) -> ExpiredCounts {
    ExpiredCounts(a.byKind.merging(b.byKind, uniquingKeysWith: +))
  }

  /// Adds the other's counts.
  public static func += (a: inout ExpiredCounts, b: ExpiredCounts) { a = a + b }
}

extension ExpiredCounts: CustomStringConvertible {
  public var description: String {
    byKind.isEmpty
      ? "none" : byKind.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
