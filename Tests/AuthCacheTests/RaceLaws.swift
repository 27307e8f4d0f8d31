/// In how many schedules a race law is tried.
///
/// Thread Sanitizer looks at single accesses, whatever their order, and at ten times the cost: there a few schedules do.
enum RaceLaws {
  #if PTHREAD_LOCKS
  static let schedules = 400
  #else
  static let schedules = 10_000
  #endif

  /// How many of `asked` to run.
  static func schedules(_ asked: Int) -> Int {
    #if PTHREAD_LOCKS
    max(1, min(asked, schedules) / 8)
    #else
    asked
    #endif
  }

  /// How many distinct ones there must be, where `asked` are in a plain run.
  static func floor(_ asked: Int) -> Int {
    #if PTHREAD_LOCKS
    min(asked, 2)
    #else
    asked
    #endif
  }
}
