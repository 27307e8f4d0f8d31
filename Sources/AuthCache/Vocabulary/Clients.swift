/// Registered clients.
public struct Clients: Sendable {
  let engine: VocabularyEngine

  /// Stores `client` under its id, replacing what was there.
  ///
  /// - Parameter secret: kept as a digest only, so it must be random, not a password; nil for a public client.
  public func store(_ client: Client, secret: String? = nil) async throws(AuthCacheError) {
    try engine.require(.clients, for: .store)
    var client = client
    client.secretDigest = secret.map { digest($0, of: client.id) }
    let record = try engine.record(
      .client, engine.digester.digest(client.id, as: .client), createdAt: engine.clock.now,
      expiresAt: client.expiresAt, content: StoredClient(client))
    try await engine.backend.store(record)
  }

  /// The client with this id.
  ///
  /// - Returns: nil if it has expired or never was.
  public func load(id: String) async throws(AuthCacheError) -> Client? {
    try engine.require(.clients, for: .load)
    guard let record = try await engine.backend.load(lookup(id)) else { return nil }
    let (client, isOutdated) = try engine.client(record)
    if isOutdated { _ = await engine.resealed(record) }
    return live(client)
  }

  /// The client with this id, if `secret` is its secret.
  ///
  /// - Returns: nil for an unknown client, another secret, or a client without one.
  public func authenticate(id: String, secret: String) async throws(AuthCacheError) -> Client? {
    guard let client = try await load(id: id), let expected = client.secretDigest else { return nil }
    return digest(secret, of: id) == expected ? client : nil
  }

  /// Ends the client.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(id: String) async throws(AuthCacheError) -> Bool {
    try engine.require(.clients, for: .remove)
    return try await engine.backend.remove(lookup(id))
  }

  /// Every client, in a stable order.
  ///
  /// - Throws: `unsupported` without the feature ``AuthStore/Features/clientListing``; `corrupt` if one does not open.
  public func list() async throws(AuthCacheError) -> [Client] {
    var clients: [Client] = []
    var cursor: ClientPage.Cursor?
    repeat {
      let page = try await page(after: cursor, limit: 500)
      clients += page.clients
      cursor = page.next
    } while cursor != nil
    return clients
  }

  /// Up to `limit` clients, in a stable order that is not that of their ids.
  ///
  /// - Parameter cursor: the end of the page before; nil for the first page.
  /// - Throws: as ``list()``; `invalidArgument` if `limit` is not positive.
  public func page(
    after cursor: ClientPage.Cursor? = nil, limit: Int
  ) async throws(AuthCacheError) -> ClientPage {
    try engine.require(.clientListing, for: .records)
    guard let listing = engine.listing else { throw .lacking("a backend that lists records", for: .records) }
    let records = try await listing.records(of: .client, after: cursor?.digest, limit: limit)
    var clients: [Client] = []
    for record in records {
      if let client = live(try engine.client(record).client) { clients.append(client) }
    }
    let isLast = records.count < limit
    return ClientPage(clients: clients, next: isLast ? nil : records.last.map { .init(digest: $0.digest) })
  }

  /// The end that was sealed counts, whatever the row says.
  private func live(_ client: Client) -> Client? {
    guard let end = client.expiresAt else { return client }
    return end > engine.clock.coarseNow ? client : nil
  }

  private func lookup(_ id: String) -> Lookup { .id(.client, engine.digester.digest(id, as: .client)) }

  private func digest(_ secret: String, of id: String) -> RecordDigest {
    engine.digester.pair(id, secret, as: .clientSecret)
  }
}

/// Some of the clients, and where the next ones begin.
public struct ClientPage: Sendable {
  /// The clients of this page.
  public let clients: [Client]
  /// Nil if these were the last.
  public let next: Cursor?

  /// A place in the list of clients.
  public struct Cursor: Sendable, Hashable {
    let digest: RecordDigest
  }
}
