/// The secret under which digests are keyed, so that whoever reads the store can't try out guesses.
///
/// One for all processes that share a store, and for as long as its records live: under another pepper nothing that
/// was stored is found. Keep it where the sealing keys are kept, never in the store.
public struct Pepper: Sendable {
  let bytes: [UInt8]

  /// The fewest bytes a pepper has.
  public static let minimumByteCount = 32

  /// - Throws: `invalidArgument` if there are fewer than 32 bytes.
  public init(_ bytes: some Collection<UInt8>) throws(AuthCacheError) {
    guard bytes.count >= Self.minimumByteCount else {
      throw AuthCacheError(
        .invalidArgument, operation: .configure, "a pepper has at least \(Self.minimumByteCount) bytes")
    }
    self.bytes = [UInt8](bytes)
  }

  private init(random entropy: some EntropySource) { bytes = entropy.bytes(Self.minimumByteCount) }

  /// A new pepper of 32 bytes from the system's generator. For tests: nothing stored under it is found after a restart.
  public static func generate() -> Pepper { Pepper(random: SystemEntropy()) }
}

extension Pepper: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Pepper(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension AuthCacheError.Operation {
  /// The making of a store, a key, a configuration.
  public static let configure: AuthCacheError.Operation = "configure"
}
