/// How a throwaway server is started.
package struct ServerOptions: Sendable {
  /// True waits for the disk at every commit, as in production; false is for tests that only need answers.
  package var isDurable = true
  /// TLS with a certificate of an authority made for this server; nil offers none.
  package var certificate: Certificate?
  /// The superuser's password; nil makes one up.
  package var password: String?
  /// Further settings of the server: `["max_connections": "20"]`.
  package var settings: [String: String] = [:]
  /// The folder in which the server's own folder is made. Short, because paths of sockets are limited to 107 bytes.
  package var place = "/tmp"

  package init(
    isDurable: Bool = true, certificate: Certificate? = nil, password: String? = nil, settings: [String: String] = [:],
    place: String = "/tmp"
  ) {
    self.isDurable = isDurable
    self.certificate = certificate
    self.password = password
    self.settings = settings
    self.place = place
  }

  package enum Certificate: Sendable {
    /// Valid for `localhost` and `127.0.0.1`.
    case valid
    /// The same, and over since yesterday.
    case expired
    /// Valid, but for another host.
    case foreign
  }
}
