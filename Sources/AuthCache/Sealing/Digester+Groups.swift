extension Digester {
  /// Everything of one user at one issuer. The input is `issuer` and `subject`, each after its length in four bytes,
  /// most significant first, so that no two pairs read alike.
  public func group(_ subject: SubjectIdentifier) -> Group {
    .subject(pair(subject.issuer, subject.subject, as: .subjectGroup))
  }

  /// Everything of one session at the provider. The input is `issuer` and `sid`, put together as for a subject.
  public func group(_ session: ProviderSession) -> Group {
    .providerSession(pair(session.issuer, session.sid, as: .providerSessionGroup))
  }

  /// Everything that came of one grant. The input is the grant's identifier.
  public func group(_ grant: Grant) -> Group { .grant(digest(grant.id, as: .grantGroup)) }

  func pair(_ first: String, _ second: some TokenBytes, as role: DigestRole) -> RecordDigest {
    var input: [UInt8] = []
    first.withTokenBytes { input.appendLengthPrefixed($0) }
    second.withTokenBytes { input.appendLengthPrefixed($0) }
    return digest(input, as: role)
  }
}

extension [UInt8] {
  /// Appends the number of bytes, as four bytes with the most significant first, and then the bytes.
  mutating func appendLengthPrefixed(_ bytes: some Collection<UInt8>) {
    Swift.withUnsafeBytes(of: UInt32(truncatingIfNeeded: bytes.count).bigEndian) { append(contentsOf: $0) }
    append(contentsOf: bytes)
  }
}
