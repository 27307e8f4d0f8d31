/// What a relying party remembers of a login that it started, until the provider's answer brings the state back.
public struct LoginState: Sendable, Hashable {
  /// Whose answer is expected (RFC 9207).
  public var expectedIssuer: String?
  /// What the ID token must repeat (OpenID Connect Core 1.0 §3.1.2.1).
  public var nonce: String?
  /// Where the answer goes; the token request repeats it.
  public var redirectURI: String?
  /// Under what the PKCE verifier is stored, see ``Verifiers``.
  public var verifierKey: String?
  /// The client on whose behalf the login was begun, if any.
  public var clientID: String?
  /// What the application adds, such as the page to return to.
  public var data: AppData

  /// What a login has to find again when the browser comes back. Nothing is required.
  public init(
    expectedIssuer: String? = nil, nonce: String? = nil, redirectURI: String? = nil, verifierKey: String? = nil,
    clientID: String? = nil, data: AppData = .none
  ) {
    self.expectedIssuer = expectedIssuer
    self.nonce = nonce
    self.redirectURI = redirectURI
    self.verifierKey = verifierKey
    self.clientID = clientID
    self.data = data
  }

  /// Whether an answer that names `issuer` in its `iss` parameter is the expected one (RFC 9207 §2.4).
  ///
  /// False if an issuer is expected and none is named; a provider that does not send `iss` is asked for none.
  public func accepts(issuer: String?) -> Bool {
    guard let expectedIssuer else { return true }
    guard let issuer else { return false }
    return equalInConstantTime(issuer, expectedIssuer)
  }

  /// Whether an ID token with this `nonce` belongs to this login (OpenID Connect Core 1.0 §3.1.3.7).
  ///
  /// False if a nonce was sent and the token has another or none, or if none was sent and the token has one.
  public func accepts(nonce received: String?) -> Bool {
    guard let nonce, let received else { return nonce == nil && received == nil }
    return equalInConstantTime(received, nonce)
  }
}

/// A state as it stands in a payload.
struct StoredState: Codable {
  var expectedIssuer: String?
  var nonce: String?
  var redirectURI: String?
  var verifierKey: String?
  var clientID: String?
  var data: StoredAppData?
  var end: Int64

  init(_ state: LoginState, end: Timestamp) {
    expectedIssuer = state.expectedIssuer
    nonce = state.nonce
    redirectURI = state.redirectURI
    verifierKey = state.verifierKey
    clientID = state.clientID
    data = state.data.stored
    self.end = end.millisecondsSinceEpoch
  }

  var state: LoginState {
    LoginState(
      expectedIssuer: expectedIssuer, nonce: nonce, redirectURI: redirectURI, verifierKey: verifierKey,
      clientID: clientID, data: AppData(data))
  }
}

extension LoginState: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "LoginState(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
