internal import AuthCache

extension Requirement {
  private static let needs: [Need] = [.aliases, .group]

  static let redemption: [Requirement] = [
    Requirement(
      "code.redeem.issues", .redemption,
      "A code redeemed by its client, with its redirect URI and verifier, issues a session that every credential finds.",
      consequence: "Nobody can log in.",
      likelyCause: "replace answers false for a record that was just read, or aliases are not found.",
      references: ["RFC 6749 §4.1.3", "RFC 7636 §4.6"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let (text, code, _, request) = try await trial.issuedCode(in: store)
      let answer = try await store.codes.redeem(text, by: request)
      trial.expect(answer.word, equals: "redeemed", "the code is redeemed")
      let issued = try trial.require(answer.issued, "a session is issued")
      let session = try await store.sessions.load(accessToken: issued.credentials.accessToken ?? "")
      trial.expect(session?.subject == code.subject, "the access token finds the user's session")
      trial.expect(
        try await store.sessions.load(refreshToken: issued.credentials.refreshToken ?? "") != nil,
        "so does the refresh token")
      trial.expect(try await store.sessions.load(id: issued.credentials.id ?? "") != nil, "so does the id")
    },
    Requirement(
      "code.redeem.once", .redemption,
      "Of many redemptions of one code at once exactly one is answered redeemed, and no other leaves a session.",
      consequence: "Whoever stole the code is logged in beside its owner.",
      likelyCause: "replace is not one compare-and-swap.",
      references: ["RFC 6749 §4.1.2", "supabase/auth#2613", "goiabada#77"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      for _ in 0..<6 {
        let (text, _, grant, request) = try await trial.issuedCode(in: store)
        let answers = try await trial.concurrently(8) { _ in try await store.codes.redeem(text, by: request) }
        trial.expect(answers.count { $0.word == "redeemed" }, equals: 1, "one of eight is redeemed")
        trial.expect(answers.count { $0.word == "replayed" }, equals: 7, "the others are told of a replay")
        let sessions = try await store.revoke(grant)
        trial.expect(
          sessions >= 1, "revoking the grant takes the session with it", expected: "at least 1", found: "\(sessions)")
        let token = answers.compactMap(\.issued).first?.credentials.accessToken ?? ""
        trial.expect(try await store.sessions.load(accessToken: token) == nil, "the session is revoked")
      }
    },
    Requirement(
      "code.redeem.replayed", .redemption,
      "A code that was redeemed before is answered replayed, with the grant whose revocation ends what it issued.",
      consequence: "The theft of a code goes unnoticed, and what it issued lives on.",
      likelyCause: "The code is deleted, so that a replay looks like an unknown code.",
      references: ["RFC 6749 §4.1.2", "wso2/product-is#4810", "workers-oauth-provider#148"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let (text, _, _, request) = try await trial.issuedCode(in: store)
      let first = try await store.codes.redeem(text, by: request)
      let token = try trial.require(first.issued?.credentials.accessToken, "the first redemption issues a token")
      let second = try await store.codes.redeem(text, by: request)
      let grant = try trial.require(second.grant, "the second redemption is answered replayed")
      trial.expect(try await store.sessions.load(accessToken: token) != nil, "a replay alone revokes nothing")
      _ = try await store.revoke(grant)
      trial.expect(try await store.sessions.load(accessToken: token) == nil, "revoking the grant ends the session")
    },
    Requirement(
      "code.redeem.remembersReplay", .redemption,
      "A replay is known for as long as what the code issued can live.",
      consequence: "A stolen code that is tried an hour later is not noticed.",
      likelyCause: "The spent code lives no longer than the code.",
      references: ["RFC 6749 §4.1.2"], needs: needs + [.injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let store = try trial.authStore(over: backend)
      let (text, _, _, request) = try await trial.issuedCode(in: store)
      _ = try await store.codes.redeem(text, by: request)
      try await trial.advance(by: .seconds(900))
      _ = try await backend.removeExpired(through: trial.now, limit: 1_000)
      trial.expect(
        try await store.codes.redeem(text, by: request).word, equals: "replayed",
        "a quarter of an hour later it is still known")
    },
    Requirement(
      "code.redeem.mismatchSpares", .redemption,
      "A redemption by another client, or with another redirect URI or verifier, neither burns the code nor learns anything.",
      consequence: "Anybody can cancel a login, or log its victim out, with a code from a log file.",
      likelyCause: "The code is consumed before it is checked.",
      references: ["RFC 6749 §5.2", "RFC 7636 §4.6"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let (text, _, _, request) = try await trial.issuedCode(in: store)
      var (client, uri, verifier) = (request, request, request)
      client.clientID = "other"
      uri.redirectURI = "https://evil.example/callback"
      verifier.codeVerifier = CodeVerifier.generate(from: trial.entropy).text
      for (wrong, word) in [(client, "clientMismatch"), (uri, "redirectURIMismatch"), (verifier, "verifierMismatch")] {
        trial.expect(try await store.codes.redeem(text, by: wrong).word, equals: word, "the mismatch is named")
      }
      trial.expect(try await store.codes.redeem(text, by: request).word, equals: "redeemed", "the code is still good")
      trial.expect(
        try await store.codes.redeem(text, by: client).word, equals: "clientMismatch",
        "a stranger with a spent code is not told of a replay")
    },
    Requirement(
      "code.redeem.expires", .redemption,
      "A code is answered expired from its own end on, though it is remembered for replays, and issues nothing.",
      consequence: "A code from yesterday's browser history logs in.",
      likelyCause: "The record's end is taken for the code's.",
      references: ["RFC 6749 §4.1.2"], needs: needs + [.injectedClock]
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let (text, _, _, request) = try await trial.issuedCode(in: store)
      try await trial.advance(by: .seconds(60))
      let answer = try await store.codes.redeem(text, by: request).word
      trial.expect(
        ["expired", "unknown"].contains(answer), "an expired code is refused", expected: "expired", found: answer)
    },
    Requirement(
      "code.redeem.unknown", .redemption,
      "A code that was never issued is answered unknown.",
      consequence: "A guess is a server error.",
      likelyCause: "No row is taken for a failure.", needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let answer = try await store.codes.redeem("never-issued", by: RedemptionRequest(clientID: "app"))
      trial.expect(answer.word, equals: "unknown", "nobody knows the code")
    },
    Requirement(
      "code.redeem.revokedMeanwhile", .redemption,
      "A replay that revokes the grant while the first redemption is under way leaves no session behind.",
      consequence: "The thief's replay revokes an empty group, and the session is stored afterwards.",
      likelyCause: "The code is marked spent before its session is stored.",
      references: ["RFC 9700 §4.5"], needs: needs
    ) { trial in
      let backend = try await trial.open()
      for step in 1...6 {
        let store = try trial.authStore(over: backend)
        let (text, _, grant, request) = try await trial.issuedCode(in: store)
        // Another process revokes the grant just before the redemption's next call.
        let revoking = CallHook(before: step) { _ = try? await store.revoke(grant) }
        let redeeming = try trial.authStore(over: backend.intercepted(by: revoking))
        let answer = try? await redeeming.codes.redeem(text, by: request)
        _ = try await store.revoke(grant)
        let token = answer?.issued?.credentials.accessToken
        trial.expect(
          token == nil ? true : try await store.sessions.load(accessToken: token ?? "") == nil,
          "after the revocation no session of the grant is left (revoked before call \(step))")
      }
    },
    Requirement(
      "code.redeem.crash", .redemption,
      "A redemption that dies after any of its steps leaves a code that is redeemable or redeemed, and never both.",
      consequence: "A restart in the wrong moment makes a code good twice, or good never.",
      likelyCause: "The steps are not ordered so that each prefix is safe.",
      references: ["RFC 6749 §4.1.2"], needs: needs
    ) { trial in
      let backend = try await trial.open()
      for step in 1...6 {
        for effect in [AuthCacheError.Effect.none, .unknown] {
          let store = try trial.authStore(over: backend)
          let (text, _, _, request) = try await trial.issuedCode(in: store)
          let dying = try trial.authStore(over: backend.intercepted(by: CallCrash(at: step, effect: effect)))
          let first = try? await dying.codes.redeem(text, by: request)
          let second = try await store.codes.redeem(text, by: request)
          let redeemed = [first, second].compactMap { $0 }.count { $0.word == "redeemed" }
          trial.expect(
            redeemed <= 1, "at most one redemption succeeds (died at call \(step), effect \(effect.rawValue))",
            expected: "≤ 1", found: "\(redeemed)")
          trial.expect(
            ["redeemed", "replayed"].contains(second.word), "the code is redeemable or redeemed",
            expected: "redeemed or replayed", found: second.word)
        }
      }
    },
  ]
}

/// Runs something just before the n-th call of a backend, once.
final class CallHook: BackendInterceptor {
  private let counter = CallCounter()
  private let number: Int
  private let body: @Sendable () async -> Void

  init(before number: Int, _ body: @escaping @Sendable () async -> Void) {
    self.number = number
    self.body = body
  }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if counter.next() == number { await body() }
    return try await proceed(call)
  }
}

/// From its n-th call on the backend is unreachable, as it is for a process that died: that call is carried out
/// (`unknown`) or not (`none`), and no later one is.
final class CallCrash: BackendInterceptor {
  private let counter = CallCounter()
  private let number: Int
  private let effect: AuthCacheError.Effect

  init(at number: Int, effect: AuthCacheError.Effect) {
    self.number = number
    self.effect = effect
  }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let current = counter.next()
    if current < number { return try await proceed(call) }
    if current == number, effect == .unknown { _ = try await proceed(call) }
    throw AuthCacheError(.unavailable, effect: effect, operation: call.operation, "the process died here")
  }
}
