/// A certificate authority that lives for one server. The `openssl` program makes it.
enum TestAuthority {
  /// A shell script that fills `folder` with `ca.pem`, `server.pem` and `server.key`, a client's `client.pem` and
  /// `client.key`, and `stranger.pem`, an authority that signed nothing. The authorities' own keys go.
  static func script(_ folder: String, _ certificate: ServerOptions.Certificate) -> String {
    let (names, days) =
      switch certificate {
      case .valid: ("DNS:localhost,IP:127.0.0.1,IP:::1", 2)
      case .expired: ("DNS:localhost,IP:127.0.0.1,IP:::1", -1)
      case .foreign: ("DNS:elsewhere.invalid", 2)
      }
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    return """
      command -v openssl || { echo 'the program openssl is missing: run ci/setup, or apt-get install openssl'; exit 1; }
      mkdir \(folder.quoted)
      cd \(folder.quoted)
      openssl req -x509 \(key) -keyout ca.key -out ca.pem -days 2 -subj '/CN=Throwaway Authority' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
      openssl req -new \(key) -keyout server.key -out server.csr -subj '/CN=throwaway server'
      printf 'subjectAltName=\(names)\\nextendedKeyUsage=serverAuth\\n' >names
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile names \
      -out server.pem
      openssl req -new \(key) -keyout client.key -out client.csr -subj '/CN=throwaway client'
      printf 'extendedKeyUsage=clientAuth\\n' >names
      openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out client.pem
      openssl req -x509 \(key) -keyout ca.key -out stranger.pem -days 2 -subj '/CN=Another Authority' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
      rm -f ca.key ca.srl server.csr client.csr names
      chmod 644 ca.pem server.pem client.pem stranger.pem
      chmod 600 server.key client.key
      cd ..
      """
  }
}
