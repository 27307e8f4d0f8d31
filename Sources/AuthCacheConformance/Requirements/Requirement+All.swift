extension Requirement {
  /// Every requirement of the contract, in the order of its chapters.
  public static let all: [Requirement] =
    records + oneTime + redemption + expiry + sessions + rotation + groups + clients + keys + bulk + reliability

  /// The chapters on what holds beyond single operations.
  static let reliability: [Requirement] =
    concurrency + shutdown + errors + durability + secrecy + lifecycle + buffer + invalidation + cache
}
