extension RecordDigest {
  /// One word in which every bit of the digest counts. Digests are random already; the mixing is for those that somebody
  /// made up.
  var mixed: UInt64 {
    let folded = (words.0 &+ words.1 &* 0xBF58_476D_1CE4_E5B9) ^ (words.2 &+ words.3 &* 0x94D0_49BB_1331_11EB)
    let spread = folded &* 0x9E37_79B9_7F4A_7C15
    return spread ^ spread >> 32
  }
}
