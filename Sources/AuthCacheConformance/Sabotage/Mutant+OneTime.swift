internal import AuthCache

extension Mutant {
  static let oneTime: [Mutant] = [
    Mutant(
      "consume-reads-then-deletes", "The record is read in one call and deleted in another.",
      boundTo: "code.consume.once"
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .consume(let lookup) = call else { return try await proceed(call) }
      let read = try await proceed(.load(lookup))
      await Task.yield()
      _ = try await proceed(.remove(lookup))
      return read
    }
  ]
}
