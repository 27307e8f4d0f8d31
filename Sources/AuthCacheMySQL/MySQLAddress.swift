public import AuthCache
internal import AuthCacheSQL

extension MySQLBackend {
  /// Where a database is, and how to get in.
  public struct Address: Sendable {
    /// A name or an IP address; nil for this machine.
    public var host: String?
    /// The port of the server.
    public var port: Int?
    /// The file of a unix socket, which takes the place of host and port.
    public var socket: String?
    /// The role to log in as.
    public var user: String?
    /// Its password; nil if it needs none. Never shown in a description or an error.
    public var password: String?
    /// The database in which the tables are.
    public var database: String?
    /// How the connection is protected.
    public var tls = TLS.prefer
    /// A file with the certificates of the authorities that are trusted (PEM).
    public var rootCertificates: String?
    /// This client's own certificate and its key, where the server asks for one (PEM).
    public var certificate: String?
    /// The file with that certificate's private key, PEM.
    public var certificateKey: String?

    /// An address in parts; see the properties for what can be set besides.
    public init(
      host: String? = nil, port: Int? = nil, user: String? = nil, password: String? = nil, database: String? = nil
    ) {
      self.host = host
      self.port = port
      self.user = user
      self.password = password
      self.database = database
    }

    /// Takes `mysql://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE` apart.
    ///
    /// Further parameters: `socket` (the file of a unix socket), `sslcert`, `sslkey`. What the address is made of may
    /// be percent-encoded; in a password `@`, `/`, `?` and `%` have to be.
    ///
    /// - Throws: `invalidArgument` that names what can't be meant, and shows nothing of the address.
    public init(url: String) throws(AuthCacheError) {
      let url = try DatabaseURL(url, schemes: ["mysql", "mariadb"])
      (host, port, user, password, database) = (url.host, url.port, url.user, url.password, url.database)
      guard database != nil else { throw DatabaseURL.fault("it names no database after the host") }
      for (name, value) in url.parameters {
        switch name {
        case "socket": socket = value
        case "sslmode":
          guard let mode = TLS(rawValue: value) else {
            throw DatabaseURL.fault("sslmode is one of \(TLS.allCases.map(\.rawValue).joined(separator: ", "))")
          }
          tls = mode
        case "sslrootcert": rootCertificates = value
        case "sslcert": certificate = value
        case "sslkey": certificateKey = value
        default: throw DatabaseURL.fault("it has a parameter other than socket, sslmode, sslrootcert, sslcert, sslkey")
        }
      }
    }

    /// How much the connection is protected.
    public enum TLS: String, Sendable, CaseIterable {
      /// None.
      case disable
      /// TLS where the server offers it. Not over a unix socket.
      case prefer
      /// TLS or nothing, whoever the server is.
      case require
      /// The only one that protects against somebody in between: the certificate must be signed by a trusted authority
      /// and be the host's.
      case verifyFull = "verify-full"

      var asks: Bool { self == .require || self == .verifyFull }
    }

    /// Host and port, for a message.
    var place: String {
      if let socket { return socket }
      let host = host ?? "127.0.0.1"
      return port.map { "\(host):\($0)" } ?? host
    }
  }
}

extension MySQLBackend.Address: CustomStringConvertible, CustomReflectable {
  /// Host and port: no user and no password.
  public var description: String { place }
  public var customMirror: Mirror { Mirror(self, children: ["place": place]) }
}
