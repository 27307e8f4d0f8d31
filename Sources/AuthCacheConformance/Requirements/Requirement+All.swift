extension Requirement {
  /// Every requirement of the contract, in the order of its chapters.
  public static let all: [Requirement] = oneTime
}
