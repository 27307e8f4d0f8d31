/// What a session is about.
public struct SessionDetails: Sendable, Hashable {
  /// The client that the tokens were issued to; only it may rotate them. Nil for a session of a browser.
  public var clientID: String?
  /// Whose session it is, if known: what a logout of that user goes by.
  public var subject: SubjectIdentifier?
  /// The login at the provider that it rests on, if any.
  public var providerSession: ProviderSession?
  /// What was granted.
  public var scopes: [String]
  /// What the application adds.
  public var data: AppData

  /// What a session is created from. Nothing is required.
  public init(
    clientID: String? = nil, subject: SubjectIdentifier? = nil, providerSession: ProviderSession? = nil,
    scopes: [String] = [],
    data: AppData = .none
  ) {
    self.clientID = clientID
    self.subject = subject
    self.providerSession = providerSession
    self.scopes = scopes
    self.data = data
  }
}

extension SessionDetails: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SessionDetails(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
