extension Requirement {
  /// Every requirement of the contract, in the order of its chapters.
  public static let all: [Requirement] =
    records + oneTime + expiry + sessions + groups + clients + keys + bulk
}
