public import AuthCache
internal import AuthCacheSQL

extension PostgresBackend {
  /// Where a database is, and how to get in.
  ///
  /// What is nil is left to libpq, which looks into the usual environment variables and into `~/.pgpass`
  /// (https://www.postgresql.org/docs/15/libpq-envars.html).
  public struct Address: Sendable {
    /// A name, an IP address, or the folder of a unix socket; several, separated by commas, are tried in turn.
    public var host: String?
    /// The port of the server.
    public var port: Int?
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

    /// Takes `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE` apart.
    ///
    /// Further parameters: `host` (for the folder of a unix socket: `?host=/run/postgresql`), `port`, `sslcert`,
    /// `sslkey`. What the address is made of may be percent-encoded; in a password `@`, `/`, `?` and `%` have to be.
    ///
    /// - Throws: `invalidArgument` that names what can't be meant, and shows nothing of the address.
    public init(url: String) throws(AuthCacheError) {
      let url = try DatabaseURL(url, schemes: ["postgres", "postgresql"])
      (host, port, user, password, database) = (url.host, url.port, url.user, url.password, url.database)
      for (name, value) in url.parameters {
        switch name {
        case "host": host = value
        case "port":
          guard let number = Int(value), (1...65_535).contains(number) else {
            throw DatabaseURL.fault("its port is not a number from 1 to 65535")
          }
          port = number
        case "sslmode":
          guard let mode = TLS(rawValue: value) else {
            throw DatabaseURL.fault("sslmode is one of \(TLS.allCases.map(\.rawValue).joined(separator: ", "))")
          }
          tls = mode
        case "sslrootcert": rootCertificates = value
        case "sslcert": certificate = value
        case "sslkey": certificateKey = value
        default:
          throw DatabaseURL.fault("it has a parameter other than host, port, sslmode, sslrootcert, sslcert, sslkey")
        }
      }
    }

    /// How much the connection is protected
    /// (https://www.postgresql.org/docs/15/libpq-ssl.html#LIBPQ-SSL-PROTECTION).
    public enum TLS: String, Sendable, CaseIterable {
      /// None.
      case disable
      /// TLS where the server asks for it.
      case allow
      /// TLS where the server offers it.
      case prefer
      /// TLS or nothing, whoever the server is.
      case require
      /// The certificate must be signed by a trusted authority, whatever host it is for.
      case verifyCA = "verify-ca"
      /// The only one that protects against somebody in between: the certificate must be signed by a trusted authority
      /// and be the host's.
      case verifyFull = "verify-full"
    }

    /// Host and port, for a message.
    var place: String {
      guard let host else { return "the default address" }
      return port.map { "\(host):\($0)" } ?? host
    }
  }
}

extension PostgresBackend.Address: CustomStringConvertible, CustomReflectable {
  /// Host and port: no user and no password.
  public var description: String { place }
  public var customMirror: Mirror { Mirror(self, children: ["place": place]) }
}
