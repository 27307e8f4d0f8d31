internal import AuthCache

extension Requirement {
  private static let needs: [Need] = [.aliases, .group]

  static let rotation: [Requirement] = [
    Requirement(
      "refresh.rotate.issues", .rotation,
      "Rotation hands out new tokens for the same session; the old access and refresh tokens find nothing.",
      consequence: "The old token is still valid after a rotation.",
      likelyCause: "The aliases of the replaced record are kept.",
      references: ["RFC 6749 §6", "RFC 9700 §4.14"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let old = try await store.sessions.create(SessionDetails(clientID: "app"))
      let oldRefresh = try trial.require(old.credentials.refreshToken, "the session has a refresh token")
      let answer = try await store.sessions.rotate(oldRefresh, clientID: "app")
      let new = try trial.require(answer.issued, "the rotation is answered rotated")
      trial.expect(
        try await store.sessions.load(accessToken: new.credentials.accessToken ?? "") != nil,
        "the new access token finds the session")
      trial.expect(
        try await store.sessions.load(refreshToken: new.credentials.refreshToken ?? "") != nil,
        "so does the new refresh token")
      trial.expect(
        try await store.sessions.load(accessToken: old.credentials.accessToken ?? "") == nil,
        "the old access token finds nothing")
      trial.expect(try await store.sessions.load(refreshToken: oldRefresh) == nil, "nor does the old refresh token")
    },
    Requirement(
      "refresh.rotate.once", .rotation,
      "Of many rotations of one refresh token at once exactly one is answered rotated.",
      consequence: "Both racers mint tokens, or both are logged out.",
      likelyCause: "The spent token's marker is not one conditional insert.",
      references: ["nocturne#326", "nocturne#391", "fastmcp#5037", "oauth2-proxy#1992"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      for _ in 0..<6 {
        let session = try await store.sessions.create(SessionDetails(clientID: "app"))
        let token = session.credentials.refreshToken ?? ""
        let answers = try await trial.concurrently(8) { _ in try await store.sessions.rotate(token, clientID: "app") }
        trial.expect(answers.count { $0.word == "rotated" }, equals: 1, "one of eight is rotated")
        let winner = answers.compactMap(\.issued).first?.credentials.accessToken ?? ""
        trial.expect(try await store.sessions.load(accessToken: winner) != nil, "and its tokens work")
      }
    },
    Requirement(
      "refresh.rotate.reused", .rotation,
      "A refresh token that was rotated before is answered reused, with the grant whose revocation ends the session.",
      consequence: "A stolen refresh token goes unnoticed.",
      likelyCause: "A spent token looks like an unknown one.",
      references: ["RFC 9700 §4.14.2", "nocturne#391"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let session = try await store.sessions.create(SessionDetails(clientID: "app"))
      let token = session.credentials.refreshToken ?? ""
      let new = try trial.require(
        try await store.sessions.rotate(token, clientID: "app").issued, "the first rotation succeeds")
      let grant = try trial.require(
        try await store.sessions.rotate(token, clientID: "app").grant, "the second is answered reused")
      _ = try await store.revoke(grant)
      trial.expect(
        try await store.sessions.load(accessToken: new.credentials.accessToken ?? "") == nil,
        "revoking the grant ends the session")
      trial.expect(
        try await store.sessions.rotate(new.credentials.refreshToken ?? "", clientID: "app").word != "rotated",
        "and its newest refresh token is worth nothing")
    },
    Requirement(
      "refresh.rotate.unknown", .rotation,
      "A refresh token that nobody issued is answered unknown, and so is another client's.",
      consequence: "A leaked refresh token is good in anybody's hands.",
      likelyCause: "The token is not bound to its client.",
      references: ["RFC 6749 §10.4"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      trial.expect(
        try await store.sessions.rotate("never-issued", clientID: "app").word, equals: "unknown",
        "nobody knows the token")
      let session = try await store.sessions.create(SessionDetails(clientID: "app"))
      let token = session.credentials.refreshToken ?? ""
      trial.expect(
        try await store.sessions.rotate(token, clientID: "other").word, equals: "unknown",
        "another client learns nothing")
      trial.expect(
        try await store.sessions.rotate(token, clientID: "app").word, equals: "rotated", "and spoils nothing")
    },
    Requirement(
      "refresh.rotate.lateSave", .rotation,
      "A save from before a rotation does not bring the spent tokens back.",
      consequence: "A spent refresh token is valid again when two requests save.",
      likelyCause: "The save asks whether there is a session, not whether it is the same one.",
      references: ["expressjs/session#632", "nextjs-auth0#2590"], needs: needs
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let session = try await store.sessions.create(SessionDetails(clientID: "app"))
      let token = session.credentials.refreshToken ?? ""
      let reading = try trial.require(try await store.sessions.load(refreshToken: token), "the session is there")
      let new = try trial.require(
        try await store.sessions.rotate(token, clientID: "app").issued, "the rotation succeeds")
      trial.expect(
        try await store.sessions.update(reading, to: SessionDetails(clientID: "app", scopes: ["late"])) == nil,
        "the late save answers nil")
      trial.expect(try await store.sessions.load(refreshToken: token) == nil, "the spent token finds nothing")
      trial.expect(
        try await store.sessions.load(accessToken: new.credentials.accessToken ?? "") != nil, "the new tokens work")
    },
    Requirement(
      "refresh.rotate.crash", .rotation,
      "A rotation that dies after any of its steps leaves at most one session, and its token is good once at most.",
      consequence: "A restart in the wrong moment makes a refresh token good twice.",
      likelyCause: "The session is replaced before the old token is marked spent.",
      references: ["RFC 9700 §4.14.2"], needs: needs
    ) { trial in
      let backend = try await trial.open()
      for step in 1...5 {
        for effect in [AuthCacheError.Effect.none, .unknown] {
          let store = try trial.authStore(over: backend)
          let session = try await store.sessions.create(SessionDetails(clientID: "app"))
          let token = session.credentials.refreshToken ?? ""
          let dying = try trial.authStore(over: backend.intercepted(by: CallCrash(at: step, effect: effect)))
          let first = try? await dying.sessions.rotate(token, clientID: "app")
          let second = try await store.sessions.rotate(token, clientID: "app")
          let rotated = [first, second].compactMap { $0 }.count { $0.word == "rotated" }
          trial.expect(
            rotated <= 1, "at most one rotation succeeds (died at call \(step), effect \(effect.rawValue))",
            expected: "≤ 1", found: "\(rotated)")
          trial.expect(
            second.word != "unknown", "the token is good or known to be spent", expected: "rotated or reused",
            found: second.word)
        }
      }
    },
    Requirement(
      "refresh.session.outlivesAccess", .rotation,
      "A session outlives its access token: from that token's end on the access token finds nothing and the refresh token does.",
      consequence: "The session is swept exactly when a refresh is due.",
      likelyCause: "The row's expiry is the access token's.",
      references: ["axum-oidc-client 0.5.0", "mxcp#110"], needs: needs + [.injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let store = try trial.authStore(over: backend)
      let lifetime = SessionLifetime(idle: .seconds(7_200), absolute: .seconds(86_400), accessToken: .seconds(300))
      let session = try await store.sessions.create(SessionDetails(clientID: "app"), lifetime: lifetime)
      try await trial.advance(by: .seconds(300))
      _ = try await backend.removeExpired(through: trial.now, limit: 100)
      trial.expect(
        try await store.sessions.load(accessToken: session.credentials.accessToken ?? "") == nil,
        "the access token has ended")
      trial.expect(
        try await store.sessions.rotate(session.credentials.refreshToken ?? "", clientID: "app").word,
        equals: "rotated",
        "the refresh token works")
    },
    Requirement(
      "refresh.session.absoluteEnd", .rotation,
      "Neither extending nor rotating takes a session past its absolute end.",
      consequence: "A session that should have ended lives for ever.",
      likelyCause: "Extend is unbounded.",
      references: ["OWASP Session Management Cheat Sheet"], needs: needs + [.injectedClock]
    ) { trial in
      let store = try trial.authStore(over: try await trial.open())
      let lifetime = SessionLifetime(idle: .seconds(3_600), absolute: .seconds(5_400), accessToken: .seconds(600))
      let session = try await store.sessions.create(SessionDetails(clientID: "app"), lifetime: lifetime)
      try await trial.advance(by: .seconds(3_000))
      _ = try await store.sessions.extend(id: session.credentials.id ?? "", by: .seconds(86_400))
      let rotated = try await store.sessions.rotate(session.credentials.refreshToken ?? "", clientID: "app")
      let new = try trial.require(rotated.issued, "the session is rotated while it lives")
      try await trial.advance(by: .seconds(2_400))
      trial.expect(
        try await store.sessions.load(id: session.credentials.id ?? "") == nil,
        "at its absolute end the session is gone")
      trial.expect(
        try await store.sessions.rotate(new.credentials.refreshToken ?? "", clientID: "app").word != "rotated",
        "and can't be refreshed")
    },
  ]
}
