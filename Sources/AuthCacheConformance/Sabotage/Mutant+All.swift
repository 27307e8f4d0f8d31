extension Mutant {
  /// Every mutant, chapter by chapter.
  public static let all: [Mutant] = oneTime + reliability

  static let reliability: [Mutant] = concurrency + shutdown + errors + lifecycle
}
