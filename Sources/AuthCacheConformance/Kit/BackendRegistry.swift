/// The backends that a command line or a test knows, by name.
public struct BackendRegistry: Sendable, ExpressibleByArrayLiteral {
  /// All of them, in order.
  public let factories: [BackendFactory]
  /// Found by name, by the child processes of checks among others, and never listed or run unasked.
  public let unlisted: [BackendFactory]

  /// Stops the program if two factories have one name.
  public init(_ factories: [BackendFactory], unlisted: [BackendFactory] = []) {
    let names = (factories + unlisted).map(\.name)
    precondition(Set(names).count == names.count, "two backends are registered under one name")
    self.factories = factories
    self.unlisted = unlisted
  }

  public init(arrayLiteral elements: BackendFactory...) { self.init(elements) }

  /// The factory of that name, or nil.
  public subscript(name: String) -> BackendFactory? { (factories + unlisted).first { $0.name == name } }

  /// The names of all, in order.
  public var names: [String] { factories.map(\.name) }

  /// Those that need no server: what is verified when none is named.
  public var embedded: [BackendFactory] { factories.filter(\.embedded) }
}
