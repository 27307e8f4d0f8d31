import AuthCache
import Testing

@Suite struct KeyRingTests {
  @Test("a ring needs a key, and each key its own id")
  func construction() throws {
    #expect(throws: AuthCacheError.self) { try KeyRing([]) }
    let key = try SealingKey.generate(id: "a")
    #expect(throws: AuthCacheError.self) { try KeyRing([key, try SealingKey.generate(id: "a")]) }
    #expect(try KeyRing([key, try SealingKey.generate(id: "b")]).keyIDs == ["a", "b"])
  }

  @Test("a key has 32 bytes and a readable id")
  func keys() {
    #expect(throws: AuthCacheError.self) { try SealingKey(id: "a", secret: [UInt8](repeating: 0, count: 31)) }
    #expect(throws: AuthCacheError.self) { try SealingKey(id: "a", secret: [UInt8](repeating: 0, count: 33)) }
    for id in ["", "a b", "ä", String(repeating: "a", count: 65)] {
      #expect(throws: AuthCacheError.self) { try SealingKey(id: id, secret: [UInt8](repeating: 0, count: 32)) }
    }
  }

  @Test("a key is added to seal or only to open, promoted and removed; the last one stays")
  func changes() throws {
    let ring = KeyRing(try .generate(id: "a"))
    try ring.add(.generate(id: "b"), sealing: false)
    #expect(ring.keyIDs == ["a", "b"])
    try ring.promote(id: "b")
    #expect(ring.keyIDs == ["b", "a"])
    try ring.add(.generate(id: "c"))
    #expect(ring.keyIDs == ["c", "b", "a"])
    #expect(try ring.remove(id: "b"))
    #expect(try !ring.remove(id: "b"))
    #expect(try ring.remove(id: "c"))
    #expect(throws: AuthCacheError.self) { try ring.remove(id: "a") }
    #expect(throws: AuthCacheError.self) { try ring.add(.generate(id: "a")) }
    #expect(throws: AuthCacheError.self) { try ring.promote(id: "z") }
    #expect(ring.keyIDs == ["a"])
  }

  @Test("every change moves the generation, and no two rings have one identity")
  func generation() throws {
    let ring = KeyRing(try .generate(id: "a"))
    let other = KeyRing(try .generate(id: "a"))
    #expect(ring.identity != other.identity)
    var seen = ring.generation
    for change in [{ try ring.add(.generate(id: "b")) }, { try ring.promote(id: "a") }, { try ring.remove(id: "b") }] {
      _ = try change()
      #expect(ring.generation > seen)
      seen = ring.generation
    }
  }
}
