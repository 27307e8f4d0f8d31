extension Mutant {
  /// Every mutant, chapter by chapter.
  public static let all: [Mutant] =
    records + oneTime + redemption + rotation + expiry + sessions + groups + clients + keys + bulk + handwritten
    + reliability

  static let reliability: [Mutant] =
    concurrency + shutdown + errors + durability + secrecy + lifecycle + buffer + invalidation + cache
}
