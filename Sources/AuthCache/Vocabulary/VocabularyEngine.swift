/// What all parts of the vocabulary share: the way from a typed value to a record and back.
final class VocabularyEngine: Sendable {
  let backend: any AuthCacheBackend
  let groups: (any GroupBackend)?
  let listing: (any ListingBackend)?
  let protection: AuthStore.Protection
  let features: AuthStore.Features
  let configuration: AuthStore.Configuration
  let clock: any AuthCacheClock
  let entropy: any EntropySource
  let touches = TouchLedger()
  let sessionIDs: DigestMemory
  let accessTokens: DigestMemory

  var digester: Digester { protection.digester }

  init(
    backend: any AuthCacheBackend, protection: AuthStore.Protection, features: AuthStore.Features,
    configuration: AuthStore.Configuration, clock: any AuthCacheClock, entropy: any EntropySource
  ) throws(AuthCacheError) {
    try configuration.validate()
    guard protection.sealer.seals || configuration.refreshGrace == .zero else {
      throw AuthCacheError(
        .invalidArgument, operation: .configure, "a grace period keeps tokens, which plaintext payloads would show")
    }
    guard protection.digester.coversGroups || !features.contains(.revocation) else {
      throw AuthCacheError(.invalidArgument, operation: .configure, "groups need a pepper: their inputs can be guessed")
    }
    groups = backend as? any GroupBackend
    listing = backend as? any ListingBackend
    guard backend.properties.aliases || !features.contains(.tokens) else {
      throw .lacking("a backend with lookups by token", for: .configure)
    }
    guard groups != nil || !features.contains(.revocation) else {
      throw .lacking("a backend that removes by group", for: .configure)
    }
    guard listing != nil || !features.contains(.clientListing) else {
      throw .lacking("a backend that lists records", for: .configure)
    }
    self.backend = backend
    self.protection = protection
    self.features = features
    self.configuration = configuration
    self.clock = clock
    self.entropy = entropy
    sessionIDs = DigestMemory(capacity: features.contains(.sessions) ? configuration.rememberedDigests : 0)
    accessTokens = DigestMemory(capacity: features.contains(.tokens) ? configuration.rememberedDigests : 0)
  }

  /// Throws `unsupported` unless the store was made for `feature`.
  @inline(__always)
  func require(_ feature: AuthStore.Features, for operation: AuthCacheError.Operation) throws(AuthCacheError) {
    guard features.contains(feature) else { throw .lacking("the feature \(feature)", for: operation) }
  }

  /// A new token: ``AuthStore/Configuration/tokenBits`` random bits in base 64 for URLs.
  func generateToken() -> String { Base64URL.encode(entropy.bytes(configuration.tokenBits / 8)) }

  /// Digests of the groups that are set; none where the digester may not make them.
  func groups(
    subject: SubjectIdentifier?, providerSession: ProviderSession?, grant: Grant?
  ) -> Groups {
    guard digester.coversGroups else { return .none }
    return Groups(
      subject: subject.map { digester.group($0).digest },
      providerSession: providerSession.map { digester.group($0).digest }, grant: grant.map { digester.group($0).digest }
    )
  }

  func removeAll(in group: (Digester) -> Group) async throws(AuthCacheError) -> Int {
    guard let groups, features.contains(.revocation) else {
      throw .lacking("the feature \(AuthStore.Features.revocation)", for: .removeAll)
    }
    return try await groups.removeAll(in: group(digester))
  }
}

extension AuthCacheError {
  static func lacking(_ what: String, for operation: Operation) -> AuthCacheError {
    AuthCacheError(.unsupported, operation: operation, "this needs \(what)")
  }
}
