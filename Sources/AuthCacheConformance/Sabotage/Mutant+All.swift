extension Mutant {
  /// Every mutant, chapter by chapter.
  public static let all: [Mutant] = oneTime
}
