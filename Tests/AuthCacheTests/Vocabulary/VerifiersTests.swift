import AuthCache
import Testing

@Suite struct VerifiersTests {
  @Test("a verifier is peeked at as often as wanted, taken once, and invalidated")
  func operations() async throws {
    let store = try World().process()
    let verifier = CodeVerifier.generate()
    try await store.verifiers.set(verifier, for: "key")
    #expect(try await store.verifiers.peek("key") == verifier)
    #expect(try await store.verifiers.peek("key") == verifier)
    #expect(try await store.verifiers.take("key") == verifier)
    #expect(try await store.verifiers.take("key") == nil)
    #expect(try await store.verifiers.peek("key") == nil)
    try await store.verifiers.set(verifier, for: "key")
    #expect(try await store.verifiers.invalidate("key"))
    #expect(try await !store.verifiers.invalidate("key"))
    #expect(try await store.verifiers.peek("key") == nil)
  }

  @Test("a verifier set again replaces the one before")
  func replaced() async throws {
    let store = try World().process()
    let verifier = CodeVerifier.generate()
    try await store.verifiers.set(.generate(), for: "key")
    try await store.verifiers.set(verifier, for: "key")
    #expect(try await store.verifiers.take("key") == verifier)
  }

  @Test("a verifier lives ten minutes, or as long as it is given")
  func lifetime() async throws {
    let world = try World()
    let store = try world.process()
    try await store.verifiers.set(.generate(), for: "a")
    try await store.verifiers.set(.generate(), for: "b", lifetime: .seconds(1_200))
    world.clock.advance(by: .milliseconds(599_999))
    #expect(try await store.verifiers.peek("a") != nil)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.verifiers.peek("a") == nil)
    #expect(try await store.verifiers.peek("b") != nil)
  }

  @Test("the same key for a state and a verifier names two records")
  func kinds() async throws {
    let store = try World().process()
    try await store.verifiers.set(.generate(), for: "key")
    #expect(try await store.states.consume("key") == nil)
    #expect(try await store.verifiers.peek("key") != nil)
  }
}

@Suite struct CodeVerifierTests {
  @Test(
    "a verifier has 43 to 128 unreserved characters",
    arguments: [
      (String(repeating: "a", count: 42), false), (String(repeating: "a", count: 43), true),
      (String(repeating: "~", count: 128), true), (String(repeating: "a", count: 129), false),
      ("-._~" + String(repeating: "Z9", count: 20), true), (String(repeating: "a", count: 43) + "+", false),
      (String(repeating: "a", count: 43) + "=", false), (String(repeating: "a", count: 43) + " ", false),
      (String(repeating: "ä", count: 30), false), (String(repeating: "a", count: 43) + "\0", false),
    ])
  func grammar(_ text: String, _ isValid: Bool) {
    #expect(((try? CodeVerifier(text)) != nil) == isValid)
  }

  @Test("the challenge of RFC 7636 appendix B")
  func appendixB() throws {
    let verifier = try CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    let challenge = verifier.challenge()
    #expect(challenge.value == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    #expect(challenge.matches(verifier.text))
    #expect(!challenge.matches(CodeVerifier.generate().text))
    #expect(!challenge.matches(challenge.value))
    #expect(!challenge.matches(""))
  }

  @Test("a plain challenge is the verifier itself")
  func plain() {
    let verifier = CodeVerifier.generate()
    #expect(verifier.challenge(.plain).value == verifier.text)
    #expect(verifier.challenge(.plain).matches(verifier.text))
    #expect(!verifier.challenge(.plain).matches(CodeVerifier.generate().text))
  }

  @Test("what can't be a challenge is refused")
  func refusedChallenges() throws {
    for value in ["", "abc", String(repeating: "a", count: 44), String(repeating: "+", count: 43)] {
      #expect(throws: AuthCacheError.self) { try CodeChallenge(value) }
    }
    #expect(throws: AuthCacheError.self) { try CodeChallenge("short", method: .plain) }
    _ = try CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
  }

  @Test("generated verifiers are valid, and no two are one")
  func generated() throws {
    let verifiers = (0..<1_000).map { _ in CodeVerifier.generate() }
    #expect(Set(verifiers).count == 1_000)
    for verifier in verifiers { _ = try CodeVerifier(verifier.text) }
    #expect(CodeVerifier.generate(from: SeededEntropy(seed: 1)) == .generate(from: SeededEntropy(seed: 1)))
  }
}
