extension Stack.Layer {
  /// The word for a backend under this layer, of which the names of stacks are made.
  public var word: String {
    switch self {
    case .cache: "cached"
    case .buffer: "buffered"
    }
  }

  init?(word: some StringProtocol) {
    guard let layer = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = layer
  }
}

extension Stack {
  /// These layers, from the top down, under the name that they have on the command line.
  public init(layers: [Layer]) { self.init(Self.name(of: layers), layers: layers) }

  /// The stack that a name on the command line means: `plain`, or layers from the top down, joined by `+`, in any
  /// composition. `cached+buffered` is a cache over a write buffer over the store.
  ///
  /// - Parameter name: The name.
  /// - Returns: nil if a word of it is no layer.
  public init?(named name: String) {
    if name == Self.plain.name {
      self = .plain
      return
    }
    let words = name.split(separator: "+", omittingEmptySubsequences: false)
    let layers = words.compactMap { Layer(word: $0) }
    guard layers.count == words.count else { return nil }
    self.init(name, layers: layers)
  }

  private static func name(of layers: [Layer]) -> String {
    layers.isEmpty ? "plain" : layers.map(\.word).joined(separator: "+")
  }
}
