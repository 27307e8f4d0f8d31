import AuthCacheConformance
import Foundation
import Testing

/// A requirement that has been released neither vanishes nor changes its meaning.
@Suite struct FrozenContract {
  private struct Frozen: Decodable {
    let contract: Int
    let requirements: [Entry]

    struct Entry: Decodable {
      let id: String
      let statement: String
      let needs: [String]
    }
  }

  @Test("version 1 of the contract stands as it was frozen")
  func stands() throws {
    let fixtures = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/Fixtures/Contract/version-1.json"))
    let frozen = try JSONDecoder().decode(Frozen.self, from: data)
    let current = Dictionary(uniqueKeysWithValues: Contract.current.requirements.map { ($0.id, $0) })
    for entry in frozen.requirements {
      let requirement = try #require(current[entry.id], "\(entry.id) has vanished from the contract")
      #expect(requirement.statement == entry.statement, "\(entry.id) says something else")
      #expect(requirement.needs == entry.needs, "\(entry.id) binds other backends")
    }
    let added = Set(current.keys).subtracting(frozen.requirements.map(\.id))
    #expect(added.isEmpty, "freeze these in Fixtures/Contract, or let them join a later version: \(added.sorted())")
  }
}
