internal import AuthCache

extension Mutant {
  static let clients: [Mutant] = [
    page("listing-in-reverse", "The order is that of insertion, or any.", boundTo: "client.list.all") { page, _ in
      page.reversed()
    },
    Mutant("page-repeats-its-edge", "The page starts at its key instead of after it.", boundTo: "client.list.pages") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .records(let kind, let after?, let limit) = call, case .page(let page) = answer,
        case .record(let edge?) = try await proceed(.load(.id(kind, after)))
      else { return answer }
      return .page(Array(([edge] + page).prefix(limit)))
    },
    Mutant(
      "page-needs-its-edge", "The page is found through the record at its edge.", boundTo: "client.list.afterAbsent"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .records(let kind, let after?, _) = call, try await proceed(.load(.id(kind, after))) == .record(nil)
      else {
        return try await proceed(call)
      }
      return .page([])
    },
    page("signed-bytes", "Digests are compared as signed numbers.", boundTo: "client.list.bytesOrder") { page, _ in
      page.sorted { Int64(bitPattern: $0.digest.words.0) < Int64(bitPattern: $1.digest.words.0) }
    },
    Mutant("listing-of-every-kind", "The query lacks the kind.", boundTo: "client.list.kindsApart") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .records(_, let after, let limit) = call, limit > 0 else { return try await proceed(call) }
      var all: [Record] = []
      for kind in RecordKind.standard {
        if case .page(let page) = try await proceed(.records(of: kind, after: after, limit: limit)) { all += page }
      }
      return .page(Array(all.sorted { $0.digest < $1.digest }.prefix(limit)))
    },
    Mutant("pages-by-offset", "Pages are cut by offset.", boundTo: "client.list.survivesWrites") { environment in
      let offsets = Memo<[RecordDigest: Int]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .records(let kind, let after, let limit) = call, limit > 0,
          case .page(let all) = try await proceed(.records(of: kind, after: nil, limit: .max))
        else { return try await proceed(call) }
        let offset = after.flatMap { after in offsets.with { $0[after] } } ?? 0
        let page = Array(all.dropFirst(offset).prefix(limit))
        if let last = page.last { offsets.with { $0[last.digest] = offset + page.count } }
        return .page(page)
      }
    },
    Mutant("page-of-nothing", "A limit of nothing is an empty page.", boundTo: "client.list.badLimit") {
      call, _, proceed async throws(AuthCacheError) in
      if case .records(_, _, let limit) = call, limit < 1 { return .page([]) }
      return try await proceed(call)
    },
    Mutant(
      "clients-can-not-change", "A missing end does not pass the liveness test of an update.",
      boundTo: "client.store.never"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      if case .replace(let current, _) = call, current.expiresAt == nil { return .flag(false) }
      return try await proceed(call)
    },
  ]

  private static func page(
    _ name: String, _ mistake: String, boundTo id: String,
    change: @escaping @Sendable ([Record], Int) -> [Record]
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .records(_, _, let limit) = call, case .page(let page) = answer else { return answer }
      return .page(change(page, limit))
    }
  }
}
