extension Requirement {
  /// Every requirement of the contract, in the order of its chapters.
  public static let all: [Requirement] = oneTime + reliability

  /// The chapters on what holds beyond single operations.
  static let reliability: [Requirement] = concurrency
}
