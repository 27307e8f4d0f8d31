import AuthCache
import AuthCacheConformance

/// Reads, then removes in a second call: two callbacks both redeem.
struct ConsumeInTwoCalls: BackendInterceptor {
  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    guard case .consume(let lookup) = call else { return try await proceed(call) }
    let found = try await proceed(.load(lookup))
    _ = try await proceed(.remove(lookup))
    return found
  }
}
