internal import AuthCache
internal import AuthCacheSQL

/// Why no connection was had, out of the words of the client library.
struct PostgresRefusal {
  private let message: String
  private let address: PostgresBackend.Address

  init(_ message: String, _ address: PostgresBackend.Address) {
    self.message = message
    self.address = address
  }

  var failure: SQLFailure { SQLFailure(.unavailable, condition: .disconnected, sentence) }

  private func says(_ words: String...) -> Bool { words.contains { message.contains($0) } }

  private var place: String { address.place }
  private var isSocket: Bool { address.host?.hasPrefix("/") == true }

  private var sentence: String {
    if says("password authentication failed", "no password supplied", "SCRAM") {
      return "PostgreSQL at \(place) does not accept the user name or the password: correct them"
    }
    if says("requires a valid client certificate") {
      return "PostgreSQL at \(place) asks for a client's certificate: name it and its key with sslcert and sslkey"
    }
    if says("no pg_hba.conf entry") {
      return "PostgreSQL at \(place) does not let this user in from here: look at its pg_hba.conf"
    }
    if says("database \"") && says("does not exist") {
      return "PostgreSQL at \(place) has no such database: create it, or correct its name"
    }
    if says("role \"") && says("does not exist") {
      return "PostgreSQL at \(place) does not know the user: create the role, or correct its name"
    }
    if says("could not translate host name") { return "the host \(place) is unknown: correct its name, or see the DNS" }
    if says("server does not support SSL") {
      return "PostgreSQL at \(place) offers no TLS, and sslmode=\(address.tls.rawValue) asks for it: set TLS up there, "
        + "or take sslmode=disable if nobody can listen on the way"
    }
    if says("does not match host name") {
      return "the certificate of PostgreSQL at \(place) is for another host: connect by the name it is for, or have "
        + "one made for this host"
    }
    if says("root certificate file") {
      return "the file of root certificates is missing or has none in it: name it with sslrootcert, or choose another "
        + "sslmode"
    }
    if says("certificate verify failed", "certificate has expired") {
      // The library does not say which of the two it is.
      return "the certificate of PostgreSQL at \(place) is not accepted: renew it if it has expired, or name the "
        + "authority that signed it with sslrootcert"
    }
    if says("too many clients", "remaining connection slots", "too many connections") {
      return "PostgreSQL at \(place) has no connection left: raise max_connections, or lower maxConnections"
    }
    if says("No space left on device") {
      return "the disk of PostgreSQL at \(place) is full: make room and try again"
    }
    // What a session writes first, which says no reason.
    if says("could not write init file") {
      return "PostgreSQL at \(place) can't write to its disk: make room if it is full, else look at its log"
    }
    if says("starting up", "shutting down", "in recovery") {
      return "PostgreSQL at \(place) is starting up or shutting down: try again in a moment"
    }
    if says("Connection refused", "No such file or directory") {
      return "nothing listens at \(place): start PostgreSQL there, or correct "
        + (isSocket ? "the folder of its socket" : "host and port")
    }
    if isSocket, says("Permission denied") {
      return "this process may not open the socket in \(place): grant it the rights of the socket and its folders"
    }
    if says("received invalid response", "expected authentication request") {
      return "what listens at \(place) is not PostgreSQL: correct host and port"
    }
    if says("SSL error") { return "TLS with PostgreSQL at \(place) failed: look at its log" }
    return "PostgreSQL at \(place) can't be reached: see that it runs and that the network lets it be reached"
  }
}
