#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The account that a server runs under.
struct Account: Sendable {
  /// The words that turn a command into one of that account; none if this process already is unprivileged.
  let prefix: [String]
  /// `chown` takes it; nil if nothing is to be given away.
  let owner: String?

  /// - Parameter candidates: The accounts to take, best first, if this process is root's.
  init(of candidates: [String]) throws(ServerFault) {
    guard geteuid() == 0 else {
      (prefix, owner) = ([], nil)
      return
    }
    guard let setpriv = Programs.find("setpriv") else {
      throw ServerFault("a database server does not run as root, and setpriv is missing: apt-get install util-linux")
    }
    guard let account = candidates.first(where: { getpwnam($0) != nil }), let entry = getpwnam(account) else {
      throw ServerFault("a database server does not run as root, and there is none of: \(candidates)")
    }
    let (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    prefix = [setpriv, "--reuid=\(user)", "--regid=\(group)", "--init-groups"]
    owner = "\(user):\(group)"
  }
}
