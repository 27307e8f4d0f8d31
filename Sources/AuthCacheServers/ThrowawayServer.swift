internal import Foundation
internal import Synchronization

/// A database server of this process's own, from the binaries on this machine.
///
/// It runs as an unprivileged user in a temporary folder, on a unix socket and a free port of the loopback interface,
/// and is gone when this process is, however it ends: a guardian process sees to that.
///
/// ```swift
/// let server = try await ThrowawayServer.start(.postgres)
/// let backend = try await PostgresBackend(url: server.url)
/// await server.end()
/// ```
package final class ThrowawayServer: Sendable {
  package let kind: ServerKind
  package let site: ServerSite
  let recipe: any ServerRecipe
  private let guardian: Guardian
  private let processID = Mutex<Int32>(0)

  /// Starts a server and waits until it answers: one to three seconds.
  ///
  /// - Throws: ``ServerFault`` if its binaries are not here or it does not start.
  package static func start(
    _ kind: ServerKind, _ options: ServerOptions = ServerOptions()
  ) async throws
    -> ThrowawayServer
  {
    let recipe = try kind.recipe
    let account = try Account(of: type(of: recipe).accounts)
    let guardian = try await Guardian(in: options.place, stopSignal: recipe.stopSignal)
    let password = options.password ?? "throwaway-\(UInt64.random(in: .min ... .max))"
    do {
      // A port that was free a moment ago may be taken now: then another one, up to three times.
      var server = try ThrowawayServer(kind, recipe, guardian, password, options)
      try await server.prepare(account)
      for attempt in 0... {
        do {
          try server.writeStart(account)
          try await server.start()
          break
        } catch {
          guard attempt < 3, server.logTail.contains("in use") else { throw error }
          server = try ThrowawayServer(kind, recipe, guardian, password, options)
        }
      }
      return server
    } catch {
      await guardian.end()
      throw error
    }
  }

  private init(
    _ kind: ServerKind, _ recipe: any ServerRecipe, _ guardian: Guardian, _ password: String, _ options: ServerOptions
  ) throws {
    self.kind = kind
    self.recipe = recipe
    self.guardian = guardian
    site = ServerSite(
      folder: guardian.folder, port: try Sockets.freePort(), user: "authcache", password: password, options: options)
  }
}

// MARK: - Ways in

extension ThrowawayServer {
  /// The address of the unix socket, with the superuser's name and password.
  package var url: String { url(at: socket) }
  /// The address on the loopback interface.
  package var tcpURL: String { url(at: port) }
  /// An address that names `endpoint`, which leads to this server, and these in place of its own.
  package func url(
    at endpoint: Endpoint, user: String? = nil, password: String? = nil, database: String? = nil
  ) -> String {
    recipe.url(
      site, at: endpoint,
      ServerLogin(
        user: user ?? site.user, password: password ?? site.password, database: database ?? kind.database))
  }

  /// Where it listens on the file system.
  package var socket: Endpoint { .unix(recipe.socket(site, in: site.folder)) }
  /// Where it listens on the loopback interface.
  package var port: Endpoint { .tcp(site.port) }
  /// The authority that signed the server's certificate, as a file; there only with TLS.
  package var authority: String { site.certificates + "/ca.pem" }
  /// An authority that did not, and a certificate and key of a client that the right one signed; there only with TLS.
  package var stranger: String { site.certificates + "/stranger.pem" }
  package var clientCertificate: String { site.certificates + "/client.pem" }
  package var clientKey: String { site.certificates + "/client.key" }
  /// The server's main process.
  package var id: Int32 { processID.withLock { $0 } }
  /// The last lines that the server wrote.
  package var logTail: String {
    let text = (try? Data(contentsOf: URL(fileURLWithPath: site.log))) ?? Data()
    return String(decoding: text.suffix(2_000), as: UTF8.self)
  }
}

// MARK: - Life

extension ThrowawayServer {
  /// Starts it again after ``stop()`` or ``kill()``, at the same addresses, and waits until it answers.
  package func start() async throws {
    let answer = try await guardian.order(.start)
    let id = Int32(answer) ?? 0
    processID.withLock { $0 = id }
    let deadline = ContinuousClock.now + .seconds(60)
    while !recipe.isReady(site, id) {
      guard try await guardian.order(.isAlive) == "yes", ContinuousClock.now < deadline else {
        throw ServerFault("\(kind.name) did not start; the end of its log:\n\(logTail)")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Ends it in order.
  package func stop() async throws { try await guardian.order(.stop) }

  /// Ends it in order, and starts it again.
  package func restart() async throws {
    try await stop()
    try await start()
  }

  /// Kills all its processes with SIGKILL.
  package func kill() async throws { try await guardian.order(.kill) }

  /// Stops all its processes where they are, with SIGSTOP.
  package func freeze() async throws { try await guardian.order(.freeze) }

  /// Lets it go on after ``freeze()``.
  package func thaw() async throws { try await guardian.order(.thaw) }

  /// Kills it and removes its folder. Nothing is left when it returns.
  package func end() async { await guardian.end() }
}

// MARK: - Making it

extension ThrowawayServer {
  private func prepare(_ account: Account) async throws {
    let owner = account.owner.map { "chown -R \($0) ." } ?? ":"
    let certificates = site.options.certificate.map { TestAuthority.script(site.certificates, $0) } ?? ":"
    try write(
      """
      set -e
      cd \(site.folder.quoted)
      as() { \((account.prefix.map(\.quoted) + ["\"$@\""]).joined(separator: " ")); }
      \(certificates)
      \(owner)
      \(recipe.preparation(site))
      """, to: "prepare")
    guard try await guardian.order(.prepare) == "0" else {
      throw ServerFault("\(kind.name) can't be set up; the end of its log:\n\(logTail)")
    }
    try? FileManager.default.removeItem(atPath: site.folder + "/prepare")
  }

  private func writeStart(_ account: Account) throws {
    let words = account.prefix + recipe.start(site)
    try write("cd \(site.folder.quoted)\nexec \(words.map(\.quoted).joined(separator: " "))", to: "start")
  }

  /// Readable by nobody else: the preparation names the password.
  private func write(_ script: String, to name: String) throws {
    let path = site.folder + "/" + name
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data((script + "\n").utf8), attributes: [.posixPermissions: 0o600])
    else { throw ServerFault("\(path) can't be written") }
  }
}
