/// An authorization code's grant: what was authorized, and to whom the code is bound (RFC 6749 §4.1.2).
public struct AuthorizationCode: Sendable, Hashable {
  /// Only this client may redeem the code.
  public var clientID: String
  /// The redirect URI of the authorization request, where it named one; the token request must repeat it.
  public var redirectURI: String?
  /// The PKCE challenge of the authorization request.
  public var challenge: CodeChallenge?
  /// Who logged in, if known.
  public var subject: SubjectIdentifier?
  /// The login at the provider that this one rests on, if any.
  public var providerSession: ProviderSession?
  /// What was granted.
  public var scopes: [String]
  /// For the ID token.
  public var nonce: String?
  /// What the application adds.
  public var data: AppData
  /// What everything that comes of the code is revoked by. Nil before the code is stored: a new grant is made then.
  public var grant: Grant?

  /// What a code is bound to, as the authorization request said. Only the client is required.
  public init(
    clientID: String, redirectURI: String? = nil, challenge: CodeChallenge? = nil, subject: SubjectIdentifier? = nil,
    providerSession: ProviderSession? = nil, scopes: [String] = [], nonce: String? = nil, data: AppData = .none,
    grant: Grant? = nil
  ) {
    self.clientID = clientID
    self.redirectURI = redirectURI
    self.challenge = challenge
    self.subject = subject
    self.providerSession = providerSession
    self.scopes = scopes
    self.nonce = nonce
    self.data = data
    self.grant = grant
  }
}

/// A code as it stands in a payload. One record tells issued from spent, so that a replay is told from an unknown code.
struct StoredCode: Codable {
  enum Phase: String, Codable {
    case issued, spent
  }

  var phase: Phase
  /// The code's own end; the record ends with the memory of its replay.
  var end: Int64
  var clientID: String
  var redirectURI: String?
  var challenge: String?
  var challengeMethod: String?
  var subject: SubjectIdentifier?
  var providerSession: ProviderSession?
  var scopes: [String]?
  var nonce: String?
  var data: StoredAppData?
  var grant: Grant

  init(_ code: AuthorizationCode, grant: Grant, end: Timestamp) {
    phase = .issued
    self.end = end.millisecondsSinceEpoch
    clientID = code.clientID
    redirectURI = code.redirectURI
    challenge = code.challenge?.value
    challengeMethod = code.challenge?.method.rawValue
    subject = code.subject
    providerSession = code.providerSession
    scopes = code.scopes.isEmpty ? nil : code.scopes
    nonce = code.nonce
    data = code.data.stored
    self.grant = grant
  }

  /// The same code, spent. What is no longer needed to recognize a replay is left out.
  var spent: StoredCode {
    var spent = self
    spent.phase = .spent
    spent.nonce = nil
    spent.data = nil
    return spent
  }

  func isRedeemable(at now: Timestamp) -> Bool { phase == .issued && end > now.millisecondsSinceEpoch }

  /// - Throws: `corrupt` if the challenge is none.
  func code() throws(AuthCacheError) -> AuthorizationCode {
    AuthorizationCode(
      clientID: clientID, redirectURI: redirectURI, challenge: try codeChallenge(), subject: subject,
      providerSession: providerSession, scopes: scopes ?? [], nonce: nonce, data: AppData(data), grant: grant)
  }

  func codeChallenge() throws(AuthCacheError) -> CodeChallenge? {
    guard let challenge else { return nil }
    guard let method = challengeMethod.flatMap(CodeChallenge.Method.init),
      let challenge = try? CodeChallenge(challenge, method: method)
    else {
      throw AuthCacheError(.corrupt, operation: .decode, kind: .code, "what is stored is no code challenge")
    }
    return challenge
  }
}

extension AuthorizationCode: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "AuthorizationCode(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
