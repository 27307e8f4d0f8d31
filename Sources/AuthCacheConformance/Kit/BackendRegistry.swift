/// The backends that a command line or a test knows, by name.
public struct BackendRegistry: Sendable, ExpressibleByArrayLiteral {
  public let factories: [BackendFactory]

  /// Stops the program if two factories have one name.
  public init(_ factories: [BackendFactory]) {
    precondition(Set(factories.map(\.name)).count == factories.count, "two backends are registered under one name")
    self.factories = factories
  }

  public init(arrayLiteral elements: BackendFactory...) { self.init(elements) }

  public subscript(name: String) -> BackendFactory? { factories.first { $0.name == name } }

  public var names: [String] { factories.map(\.name) }

  /// Those that need no server: what is verified when none is named.
  public var embedded: [BackendFactory] { factories.filter(\.embedded) }
}
