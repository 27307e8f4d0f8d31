internal import AuthCache

/// The payload of a notification: records separated by spaces, each its kind, a colon and up to three digests in
/// hexadecimal digits, separated by commas: of its id, its access token and its refresh token.
enum PostgresAnnouncement {
  /// What `payload` says; a gap if it says what no trigger of this library does.
  static func invalidations(in payload: UnsafeBufferPointer<CChar>) -> [Invalidation] {
    payload.withMemoryRebound(to: UInt8.self) { bytes in
      var news: [Invalidation] = []
      for record in bytes.split(separator: UInt8(ascii: " ")) {
        guard let lookups = lookups(of: record) else { return [.gap] }
        news += lookups.map(Invalidation.record)
      }
      return news
    }
  }

  private static func lookups(of record: Slice<UnsafeBufferPointer<UInt8>>) -> [Lookup]? {
    guard let colon = record.firstIndex(of: UInt8(ascii: ":")),
      let kind = RecordKind(rawValue: String(decoding: record[..<colon], as: UTF8.self))
    else { return nil }
    let digests = record[(colon + 1)...].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard digests.count <= 3 else { return nil }
    var lookups: [Lookup] = []
    for (field, digits) in zip([Lookup.Field.id, .accessToken, .refreshToken], digests) {
      guard !digits.isEmpty || field == .id else { continue }
      guard let digest = digest(digits) else { return nil }
      lookups.append(Lookup(kind: kind, field: field, digest: digest))
    }
    return lookups
  }

  private static func digest(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> RecordDigest? {
    guard digits.count == 2 * RecordDigest.byteCount else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (index, digit) in digits.enumerated() {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      words[index / 16] = words[index / 16] << 4 | UInt64(value)
    }
    return RecordDigest(words: (words[0], words[1], words[2], words[3]))
  }
}
