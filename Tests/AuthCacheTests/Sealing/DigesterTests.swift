import Crypto
import Testing

@testable import AuthCache

@Suite struct DigesterTests {
  @Test("digests are those of the published vectors, without a pepper and with a short and a long one")
  func vectors() throws {
    let vectors = try Vectors.digests()
    let short = Digester(pepper: try Pepper([UInt8](hex: vectors.pepper)))
    let long = Digester(pepper: try Pepper([UInt8](hex: vectors.longPepper)))
    #expect(vectors.digests.count >= 19)
    for vector in vectors.digests {
      let role = try #require(DigestRole(rawValue: vector.role))
      #expect(Digester.unpeppered().digest(vector.bytes, as: role).hex == vector.sha256, "\(vector.note)")
      #expect(short.digest(vector.bytes, as: role).hex == vector.hmac, "\(vector.note)")
      #expect(long.digest(vector.bytes, as: role).hex == vector.hmacLongPepper, "\(vector.note)")
    }
  }

  @Test("digests of groups are those of the published vectors")
  func groupVectors() throws {
    let vectors = try Vectors.digests()
    let peppered = Digester(pepper: try Pepper([UInt8](hex: vectors.pepper)))
    for vector in vectors.groups {
      func group(_ digester: Digester) throws -> Group {
        switch vector.role {
        case "group.subject":
          digester.group(SubjectIdentifier(issuer: vector.parts[0], subject: vector.parts[1]))
        case "group.providerSession":
          digester.group(ProviderSession(issuer: vector.parts[0], sid: vector.parts[1]))
        default: digester.group(Grant(id: vector.parts[0]))
        }
      }
      #expect(try group(.unpeppered()).digest.hex == vector.sha256, "\(vector.note)")
      #expect(try group(peppered).digest.hex == vector.hmac, "\(vector.note)")
    }
    #expect(Set(vectors.groups.map(\.sha256)).count == vectors.groups.count)
  }

  @Test("text and its UTF-8 bytes have one digest, whatever its form", arguments: ["", "a", "tokené😀", "\0", "a b "])
  func textIsBytes(_ text: String) {
    let digester = Digester(pepper: .generate())
    let digest = digester.digest(text, as: .code)
    #expect(digester.digest([UInt8](text.utf8), as: .code) == digest)
    #expect(digester.digest([UInt8](("x" + text).utf8)[1...], as: .code) == digest)
    #expect(digester.digest(("x" + text).dropFirst(), as: .code) == digest)
  }

  @Test("one input in two roles has two digests")
  func roles() {
    let roles: [DigestRole] = [
      .state, .verifier, .code, .sessionID, .accessToken, .refreshToken, .client, .clientSecret, .subjectGroup,
      .providerSessionGroup, .grantGroup,
    ]
    #expect(Set(roles.map { Digester.unpeppered().digest("token", as: $0) }).count == roles.count)
  }

  @Test("a pepper that covers what can be guessed keys groups and clients and leaves tokens alone")
  func coverage() {
    let pepper = Pepper.generate()
    let everything = Digester(pepper: pepper)
    let guessable = Digester(pepper: pepper, covering: .guessable)
    let none = Digester.unpeppered()
    for role: DigestRole in [.subjectGroup, .providerSessionGroup, .grantGroup, .client, .clientSecret] {
      #expect(guessable.digest("a", as: role) == everything.digest("a", as: role))
      #expect(guessable.digest("a", as: role) != none.digest("a", as: role))
    }
    for role: DigestRole in [.state, .verifier, .code, .sessionID, .accessToken, .refreshToken] {
      #expect(guessable.digest("a", as: role) == none.digest("a", as: role))
      #expect(everything.digest("a", as: role) != none.digest("a", as: role))
    }
  }

  @Test("another pepper gives other digests")
  func peppers() {
    #expect(
      Digester(pepper: .generate()).digest("a", as: .code) != Digester(pepper: .generate()).digest("a", as: .code))
  }

  @Test("a pepper has at least 32 bytes")
  func shortPepper() throws {
    #expect(throws: AuthCacheError.self) { try Pepper([UInt8](repeating: 1, count: 31)) }
    _ = try Pepper([UInt8](repeating: 1, count: 32))
  }

  @Test("a role has 1 to 255 bytes")
  func roleLength() {
    #expect(DigestRole(rawValue: "") == nil)
    #expect(DigestRole(rawValue: String(repeating: "r", count: 256)) == nil)
    #expect(DigestRole(rawValue: String(repeating: "r", count: 255)) != nil)
  }
}
