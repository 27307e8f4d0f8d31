public import AuthCache

/// The layers that a backend is verified under, from the top down.
public struct Stack: Sendable, Hashable, CustomStringConvertible {
  /// The name in reports and after `--stack`.
  public let name: String

  let build: @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend

  public init(
    _ name: String,
    build: @escaping @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend
  ) {
    self.name = name
    self.build = build
  }

  /// No layer at all.
  public static let plain = Stack("plain") { backend, _ in backend }

  /// Every stack that this kit knows by name.
  public static let all: [Stack] = [.plain]

  public static func == (a: Stack, b: Stack) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  public var description: String { name }
}
