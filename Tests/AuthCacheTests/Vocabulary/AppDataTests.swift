import AuthCache
import Testing

@Suite struct AppDataTests {
  private struct Profile: Codable, Equatable, Sendable {
    var name: String
    var roles: [String]
  }

  @Test("a typed value comes back; as another type it is corrupt")
  func typed() throws {
    let profile = Profile(name: "Ada \"\u{1F600}\" \\", roles: ["admin"])
    let data = try AppData(profile)
    #expect(try data.decode(Profile.self) == profile)
    #expect(throws: AuthCacheError.self) { try data.decode([String].self) }
    #expect(data["name"] == nil)
    #expect(!data.isEmpty)
  }

  @Test("named strings need no type, and are one as well")
  func strings() throws {
    let data: AppData = ["a": "1", "b": "", "a": "2"]
    #expect(data["a"] == "2")
    #expect(data["b"] == "")
    #expect(data["c"] == nil)
    #expect(try data.decode([String: String].self) == ["a": "2", "b": ""])
    #expect(AppData(["x": "y"] as [String: String])["x"] == "y")
  }

  @Test("nothing is empty, and decodes to nothing")
  func none() {
    #expect(AppData.none.isEmpty)
    #expect(AppData([:] as [String: String]).isEmpty)
    #expect(AppData.none["a"] == nil)
    #expect(throws: AuthCacheError.self) { try AppData.none.decode([String: String].self) }
  }

  @Test("a value that JSON has no form for is refused")
  func unencodable() {
    let error = #expect(throws: AuthCacheError.self) { try AppData([Double.nan]) }
    #expect(error?.code == .invalidArgument)
  }
}
