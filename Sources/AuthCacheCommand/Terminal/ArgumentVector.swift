/// The words that this program was started with, where lists of processes read them.
enum ArgumentVector {
  /// Writes asterisks over the passwords of addresses.
  ///
  /// On Linux `ps` and `/proc/PID/cmdline` show the memory that the words lie in (proc(5)); elsewhere they may show
  /// what they were at the start. And they show it until this has run: an address in the environment is never seen.
  /// Whoever wants the words has to have read them before.
  static func hidePasswords() {
    for number in 0..<Int(CommandLine.argc) {
      guard let word = CommandLine.unsafeArgv[number] else { continue }
      let bytes = UnsafeMutableBufferPointer(start: word, count: String(cString: word).utf8.count)
      for place in passwordPlaces(bytes.map { UInt8(bitPattern: $0) }) { bytes[place] = CChar(UInt8(ascii: "*")) }
    }
  }

  /// Where the password stands in a word that is an address or holds one: from the first colon behind `://` to the last
  /// `@`, so that one which should have been encoded is hidden as well.
  static func passwordPlaces(_ word: [UInt8]) -> Range<Int> {
    guard let scheme = word.firstRange(of: Array("://".utf8)),
      let colon = word[scheme.upperBound...].firstIndex(of: UInt8(ascii: ":")),
      let at = word.lastIndex(of: UInt8(ascii: "@")), at > colon
    else { return 0..<0 }
    return colon + 1..<at
  }
}
