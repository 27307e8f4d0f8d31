internal import AuthCache

/// What a lane needs to know to serve requests.
struct LaneService: Sendable {
  let layout: TableLayout
  /// Read when a batch is served: what waited is judged by the time at which it happens.
  let clock: any AuthCacheClock
}
