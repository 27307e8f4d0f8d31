internal import AuthCacheConformance

/// Which backends are meant, under which layers and at which addresses.
struct Subjects {
  var backends: [String] = []
  var urls: [String] = []
  var stacks: [String] = []
  var required: [String] = []
  /// Stores are started for backends that have no address and can have one so.
  var isEphemeral = false

  /// The backends by name, each with its address.
  ///
  /// Named ones and required ones; those of the addresses; or, where nothing is named, those that need no server or
  /// get one for the run.
  func factories(_ invocation: Invocation = .current) throws -> [(factory: BackendFactory, url: String?)] {
    let registry = invocation.backends
    let names = Names("backend", registry.names)
    let broken = try brokenOnPurpose()
    try names.check(backends.filter { name in !broken.contains { $0.name == name } })
    try names.check(required)
    let addresses = try addresses(registry)
    var chosen = registry.factories.filter { factory in
      backends.contains(factory.name) || required.contains(factory.name)
        || (backends.isEmpty && addresses[factory.name] != nil)
    }
    if backends.isEmpty, addresses.isEmpty {
      chosen = registry.factories.filter { factory in
        factory.embedded || required.contains(factory.name) || (isEphemeral && factory.ephemeral != nil)
      }
    }
    for (name, url) in addresses where !chosen.contains(where: { $0.name == name }) {
      throw Fault.usage(
        "The address \(Redaction.password(in: url)) is one of \(name), but --backend names only "
          + "\(backends.joined(separator: ", ")).")
    }
    return try (chosen + broken).map { factory in
      (factory, try addresses[factory.name] ?? environmentURL(of: factory, invocation))
    }
  }

  /// Mutants that were named as if they were backends, for whoever wants to see a failure.
  private func brokenOnPurpose() throws -> [BackendFactory] {
    let mutants = Mutant.all.map(\.factory)
    let words = backends.filter { $0.hasPrefix("mutant-") }
    try Names("mutant", mutants.map(\.name), source: "“\(Invocation.current.name) sabotage” lists all.").check(words)
    return mutants.filter { words.contains($0.name) }
  }

  /// Every backend under every stack.
  func all(_ invocation: Invocation = .current) throws -> [Subject] {
    let stacks = try chosenStacks()
    let subjects = try factories(invocation).flatMap { factory, url in
      stacks.map { stack in
        Subject(factory, stack: stack, url: url, isEphemeral: isEphemeral && url == nil && factory.ephemeral != nil)
      }
    }
    if isEphemeral, !subjects.contains(where: \.isEphemeral) { throw nothingToStart(invocation.backends) }
    return subjects
  }

  private func nothingToStart(_ registry: BackendRegistry) -> Fault {
    let able = registry.factories.filter { $0.ephemeral != nil }.map(\.name)
    return .usage(
      "--ephemeral starts nothing here: "
        + (able.isEmpty
          ? "no backend can have a store started."
          : "a store is started only for \(able.joined(separator: ", ")), and where no address is given."))
  }

  private func chosenStacks() throws -> [Stack] {
    if stacks.isEmpty { return [.plain] }
    let chosen = try stacks.flatMap { $0 == "all" ? Stack.all : [try Stack(word: $0)] }
    var names: Set<String> = []
    return chosen.filter { names.insert($0.name).inserted }
  }

  /// The addresses by the name of the backend that takes them.
  private func addresses(_ registry: BackendRegistry) throws -> [String: String] {
    var addresses: [String: String] = [:]
    for url in urls {
      let factory = try Self.factory(for: url, registry)
      try Self.check(url, for: factory)
      guard addresses.updateValue(url, forKey: factory.name) == nil else {
        throw Fault.usage("Two addresses of \(factory.name) were given; one run takes one.")
      }
    }
    return addresses
  }

  private static func factory(for url: String, _ registry: BackendRegistry) throws -> BackendFactory {
    let schemes = registry.factories.flatMap(\.schemes)
    let shown = Redaction.password(in: url)
    let valid =
      schemes.isEmpty
      ? "No backend here takes an address." : "Valid: \(schemes.map { $0 + ":…" }.joined(separator: ", "))."
    guard let colon = url.firstIndex(of: ":"), colon != url.startIndex else {
      throw Fault.usage("“\(shown)” is no address: it begins with no scheme. \(valid)")
    }
    let scheme = url[..<colon].lowercased()
    guard let factory = registry.factories.first(where: { $0.schemes.contains(scheme) }) else {
      let guess = Names("scheme", schemes).closest(to: scheme).map { " Did you mean “\($0):”?" } ?? ""
      throw Fault.usage("No backend takes addresses that begin with “\(scheme):”.\(guess) \(valid)")
    }
    return factory
  }

  private static func check(_ url: String, for factory: BackendFactory) throws {
    guard let wrong = factory.tools.wrongWithAddress?(url) else { return }
    throw Fault.usage("“\(Redaction.password(in: url))” is no address of \(factory.name): \(wrong)")
  }

  /// `AUTHCACHE_POSTGRES_URL` for a backend named `postgres`, where the backend takes addresses.
  private func environmentURL(of factory: BackendFactory, _ invocation: Invocation) throws -> String? {
    guard !factory.schemes.isEmpty else { return nil }
    let variable = "AUTHCACHE_\(factory.name.uppercased().replacing("-", with: "_"))_URL"
    guard let url = invocation.environment[variable], !url.isEmpty else { return nil }
    guard try Self.factory(for: url, invocation.backends).name == factory.name else {
      throw Fault.usage("\(variable) holds “\(Redaction.password(in: url))”, which is no address of \(factory.name).")
    }
    try Self.check(url, for: factory)
    return url
  }
}
