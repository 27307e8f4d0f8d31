public import AuthCache

/// What is verified: a backend under a stack of layers, at an address.
public struct Subject: Sendable, CustomStringConvertible {
  /// Opens the backend.
  public let factory: BackendFactory
  /// The layers over it.
  public let stack: Stack
  /// The address of its store; nil if it has none.
  public let url: String?
  /// Its store is started for the run; until it is, there is no address.
  public let isEphemeral: Bool

  /// A backend, alone unless a stack is given.
  public init(_ factory: BackendFactory, stack: Stack = .plain, url: String? = nil, isEphemeral: Bool = false) {
    self.factory = factory
    self.stack = stack
    self.url = url
    self.isEphemeral = isEphemeral
  }

  public var description: String { stack == .plain ? factory.name : "\(factory.name) under \(stack.name)" }
}

/// What a subject said of itself when it was opened to be inspected.
public struct Declaration: Sendable {
  /// What it promises.
  public let properties: BackendProperties
  /// Its optional powers.
  public let capabilities: Set<Capability>
  /// What answers, with its version.
  public let server: String?

  /// Why `need` is not met, nil if it is.
  func outcome(ofMissing need: Need, for subject: Subject, children: ChildLauncher?) -> Outcome? {
    let factory = subject.factory
    let met =
      switch need {
      case .aliases: properties.aliases
      case .noAliases: !properties.aliases
      case .durability(let level): properties.durability >= level
      case .shared: properties.shared
      case .linearizable: properties.consistency == .linearizable
      case .injectedClock: properties.clock == .injected
      case .sweptExpiry: properties.expiry == .swept
      case .capability(let capability): capabilities.contains(capability)
      case .cache: factory.layers.hasOwnCache || subject.stack.layersBelowCache != nil
      case .reopen: factory.reopen != nil
      case .faults: factory.faults != nil
      case .corruption: factory.faults?.corrupt != nil
      case .probe: factory.probe != nil
      case .destroy: factory.destroy != nil
      case .child: children != nil
      }
    if met { return nil }
    return need == .child ? .notScored("needs an executable") : .notDeclared(need.description)
  }
}
