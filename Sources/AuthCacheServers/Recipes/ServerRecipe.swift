/// What has to be done to get one kind of server. The guardian does it, in the server's folder.
protocol ServerRecipe: Sendable {
  /// The account under which it runs if this process is root's: database servers refuse to run as root.
  static var accounts: [String] { get }

  /// A shell script that makes the data directory. It starts programs with `as`, under the server's account.
  func preparation(_ site: ServerSite) -> String
  /// The words that start the server in the foreground.
  func start(_ site: ServerSite) -> [String]
  /// The signal that ends it in order.
  var stopSignal: String { get }
  /// Whether the process `id` answers.
  func isReady(_ site: ServerSite, _ id: Int32) -> Bool
  /// The socket that it, or whoever stands before it, has in `folder`.
  func socket(_ site: ServerSite, in folder: String) -> String
  /// The address of whatever listens at `endpoint`.
  func url(_ site: ServerSite, at endpoint: Endpoint, _ login: ServerLogin) -> String
}

/// Where a server lives and how it is reached.
package struct ServerSite: Sendable {
  package let folder: String
  package let port: UInt16
  package let user: String
  package let password: String
  package let options: ServerOptions

  package var data: String { folder + "/data" }
  var log: String { folder + "/log" }
  /// The certificates, where there are any: `ca.pem`, `server.pem`, `server.key`.
  var certificates: String { folder + "/tls" }
}

/// What an address says besides the place.
package struct ServerLogin: Sendable {
  package var user: String
  package var password: String
  package var database: String

  /// The words as they stand in an address.
  var authority: String { "\(user.percentEncoded):\(password.percentEncoded)@" }
}
