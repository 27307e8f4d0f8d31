/// What a token request shows to redeem a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
public struct RedemptionRequest: Sendable, Hashable {
  /// The client that was authenticated, or that named itself if it is a public one.
  public var clientID: String
  /// The redirect URI of the token request, if it had one.
  public var redirectURI: String?
  /// The PKCE verifier of the token request, if it had one.
  public var codeVerifier: String?

  /// What a token request said, besides the code (RFC 6749 §4.1.3, RFC 7636 §4.5).
  public init(clientID: String, redirectURI: String? = nil, codeVerifier: String? = nil) {
    self.clientID = clientID
    self.redirectURI = redirectURI
    self.codeVerifier = codeVerifier
  }
}

/// What became of the redemption of a code.
public enum Redemption: Sendable {
  /// This caller redeemed it, and nobody else has or will.
  case redeemed(IssuedSession)
  /// The client that the code is bound to shows it again. Revoke the grant: all that was issued is in it.
  case replayed(Grant)
  /// The code was never redeemed, and its time is over.
  case expired
  /// No such code.
  case unknown
  /// The code is bound to another client. It stays as it is.
  case clientMismatch
  /// The authorization request had another redirect URI. The code stays as it is.
  case redirectURIMismatch
  /// The verifier is missing, is not that of the challenge, or was shown although there was no challenge (RFC 9700
  /// §2.1.1, against PKCE downgrade). The code stays as it is.
  case verifierMismatch
}

extension RedemptionRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "RedemptionRequest(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension StoredCode {
  /// Why `request` may not redeem this code, or nil. Asked of a spent code too: whoever finds an old code in a log, and
  /// is not the client it is bound to, must not be able to have its grant revoked.
  func mismatch(with request: RedemptionRequest) throws(AuthCacheError) -> Redemption? {
    guard equalInConstantTime(clientID, request.clientID) else { return .clientMismatch }
    if let redirectURI {
      guard let shown = request.redirectURI, equalInConstantTime(redirectURI, shown) else {
        return .redirectURIMismatch
      }
    }
    switch (try codeChallenge(), request.codeVerifier) {
    case (nil, nil): return nil
    case (let challenge?, let verifier?): return challenge.matches(verifier) ? nil : .verifierMismatch
    default: return .verifierMismatch
    }
  }
}
