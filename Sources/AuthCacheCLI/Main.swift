internal import AuthCacheBundled
internal import AuthCacheCommand
internal import AuthCacheConformance

@main struct Conformance: ConformanceCommand {
  static let backends = BackendRegistry.bundled
}
