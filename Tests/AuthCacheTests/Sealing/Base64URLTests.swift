import Testing

@testable import AuthCache

@Suite struct Base64URLTests {
  @Test(
    "the vectors of RFC 4648 §10, unpadded",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
      ("foobar", "Zm9vYmFy"),
    ])
  func vectors(_ plain: String, _ encoded: String) {
    #expect(Base64URL.encode([UInt8](plain.utf8)) == encoded)
    #expect(Base64URL.decode(encoded) == [UInt8](plain.utf8))
  }

  @Test("every byte comes back")
  func roundTrip() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
  }

  @Test(
    "padding, other alphabets, impossible lengths and stray bits are refused",
    arguments: ["Zg==", "+/8", "Z", "Zm9vY", "Zh", "Zm9=", "Zm 9", "Zg\0"])
  func refused(_ text: String) {
    #expect(Base64URL.decode(text) == nil)
  }
}
