/// A registered client (RFC 7591 §2). Only what storage needs; the rest is the application's data.
public struct Client: Sendable, Hashable {
  public var id: String
  /// What people call it.
  public var name: String?
  /// Where it may be redirected to, compared exactly (RFC 9700 §2.1).
  public var redirectURIs: [String]
  /// What it may ask for.
  public var scopes: [String]
  /// When it is gone; nil if it stays.
  public var expiresAt: Timestamp?
  /// What the application adds.
  public var data: AppData
  /// Whether it has a secret.
  public var isConfidential: Bool { secretDigest != nil }

  var secretDigest: RecordDigest?

  /// A client without a secret; it never expires unless told when.
  public init(
    id: String, name: String? = nil, redirectURIs: [String] = [], scopes: [String] = [], expiresAt: Timestamp? = nil,
    data: AppData = .none
  ) {
    self.id = id
    self.name = name
    self.redirectURIs = redirectURIs
    self.scopes = scopes
    self.expiresAt = expiresAt
    self.data = data
  }
}

/// A client as it stands in a payload.
struct StoredClient: Codable {
  var id: String
  var name: String?
  var redirectURIs: [String]?
  var scopes: [String]?
  var end: Int64?
  var data: StoredAppData?
  var secretDigest: String?

  init(_ client: Client) {
    id = client.id
    name = client.name
    redirectURIs = client.redirectURIs.isEmpty ? nil : client.redirectURIs
    scopes = client.scopes.isEmpty ? nil : client.scopes
    end = client.expiresAt?.millisecondsSinceEpoch
    data = client.data.stored
    secretDigest = client.secretDigest.map { Base64URL.encode($0.bytes) }
  }
}

extension Client {
  /// - Throws: `corrupt` if the digest of the secret is none.
  init(_ stored: StoredClient) throws(AuthCacheError) {
    self.init(
      id: stored.id, name: stored.name, redirectURIs: stored.redirectURIs ?? [], scopes: stored.scopes ?? [],
      expiresAt: stored.end.map(Timestamp.init(millisecondsSinceEpoch:)), data: AppData(stored.data))
    guard let secret = stored.secretDigest else { return }
    // A secret that can't be read must not make the client one without.
    guard let digest = Base64URL.decode(secret).flatMap({ RecordDigest(bytes: $0) }) else {
      throw AuthCacheError(.corrupt, operation: .decode, kind: .client, "what is stored is no digest")
    }
    secretDigest = digest
  }
}

extension Client: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Client(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
