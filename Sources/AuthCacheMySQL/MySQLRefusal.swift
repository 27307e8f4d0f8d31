internal import AuthCache
internal import AuthCacheSQL

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Why no connection was had, out of the numbers and the words of the server and the client library.
struct MySQLRefusal {
  /// The server can't speak TLS, and that is all.
  static let noTLS = "no TLS"

  let failure: SQLFailure

  init(_ number: Int32, _ message: String, _ address: MySQLBackend.Address, asksForTLS: Bool) {
    let sentence: String
    var detail = "error \(number)"
    if number == 2026, message.contains("doesn't support") || message.contains("does not support") {
      sentence =
        "the server at \(address.place) offers no TLS, and sslmode=\(address.tls.rawValue) asks for it: set TLS up "
        + "there, or take sslmode=disable if nobody can listen on the way"
      detail = Self.noTLS
    } else if number == 2026 {
      sentence = Self.ofCertificates(message, address)
    } else if number == 2002 || number == 2003 {
      sentence = Self.ofTheWay(message, address)
    } else {
      sentence = Self.ofTheServer(number, address)
    }
    failure = SQLFailure(.unavailable, condition: .disconnected, sentence, detail: detail)
  }

  private static func ofTheServer(_ number: Int32, _ address: MySQLBackend.Address) -> String {
    let server = "the server at \(address.place)"
    return switch number {
    case 1045, 1698, 1251, 1524:
      // MariaDB says the same to users who have to use TLS.
      "\(server) does not accept the user name or the password: correct them"
        + (address.tls == .disable ? ", or leave sslmode=disable out if the user has to use TLS" : "")
    case 1044: "the user may not use the database at \(address.place): grant the rights"
    case 1049: "\(server) has no such database: create it, or correct its name"
    case 1040, 1203, 1226: "\(server) has no connection left: raise max_connections, or lower maxConnections"
    case 1053: "\(server) is shutting down: try again in a moment"
    case 1129: "\(server) has blocked this machine after too many errors: run FLUSH HOSTS there"
    case 1130: "\(server) does not let this machine in: look at the hosts of its users"
    case 2005: "the host \(address.place) is unknown: correct its name, or see the DNS"
    case 3159: "\(server) asks for TLS: set sslmode to verify-full or require"
    case 2013: "\(server) did not greet: see that it runs, and that it is MariaDB or MySQL"
    default: unreachable(address)
    }
  }

  private static func ofCertificates(_ message: String, _ address: MySQLBackend.Address) -> String {
    let files = [
      (address.rootCertificates, "root certificates", "sslrootcert"),
      (address.certificate, "the client's certificate", "sslcert"),
      (address.certificateKey, "the key of the client's certificate", "sslkey"),
    ]
    for case (let path?, let content, let name) in files where access(path, R_OK) != 0 {
      return "the file of \(content) can't be read: correct its path in \(name), or its rights"
    }
    let certificate = "the certificate of the server at \(address.place)"
    let words = message.lowercased()
    if words.contains("expired") { return "\(certificate) has expired: renew it" }
    // The library looks at the name itself, once the certificate is trusted.
    if words.contains("match") || words.contains("validation of ssl server certificate") {
      return "\(certificate) is for another host: connect by the name it is for, or have one made for this host"
    }
    if words.contains("no certificate or crl") {
      return "the file of root certificates has none in it: correct its path in sslrootcert"
    }
    return "\(certificate) is not accepted: renew it if it has expired, connect by the name it is for, or name the "
      + "authority that signed it with sslrootcert"
  }

  /// The library adds the system's number, in parentheses.
  private static func ofTheWay(_ message: String, _ address: MySQLBackend.Address) -> String {
    let isSocket = address.socket != nil
    switch message.matches(of: /\(([0-9]+)\)/).last.flatMap({ Int32($0.output.1) }) {
    case EACCES where isSocket, EPERM where isSocket:
      return "this process may not open \(address.place): grant it the rights of the socket and its folders"
    case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: return unreachable(address)
    // A port that refuses reads as EINPROGRESS.
    default:
      return "nothing listens at \(address.place): start MariaDB or MySQL there, or correct "
        + (isSocket ? "the path of its socket" : "host and port")
    }
  }

  private static func unreachable(_ address: MySQLBackend.Address) -> String {
    "the server at \(address.place) can't be reached: see that it runs and that the network lets it be reached"
  }
}
