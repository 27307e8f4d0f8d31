/// What a session is about.
public struct SessionDetails: Sendable, Hashable {
  /// The client that the tokens were issued to; only it may rotate them. Nil for a session of a browser.
  public var clientID: String?
  public var subject: SubjectIdentifier?
  public var providerSession: ProviderSession?
  public var scopes: [String]
  /// What the application adds.
  public var data: AppData

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
