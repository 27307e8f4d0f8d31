/// `sqlite:PATH`.
enum SQLiteAddress {
  /// The path in an address.
  static func path(_ url: String) -> String { String(url.dropFirst("sqlite:".count)) }

  /// What is wrong with an address, as the rest of a sentence; nil if nothing is.
  @Sendable static func fault(in url: String) -> String? {
    let path = path(url)
    if path.isEmpty { return "it names no file. Write sqlite:PATH, such as sqlite:/var/lib/app/auth.db." }
    if path == ":memory:" { return "a database in memory can't be shared. Name a file, or verify memory." }
    if path.hasPrefix("//") { return "write sqlite:PATH with one slash, such as sqlite:/var/lib/app/auth.db." }
    return nil
  }
}
