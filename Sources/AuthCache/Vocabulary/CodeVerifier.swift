/// A PKCE code verifier: 43 to 128 characters out of `A-Z a-z 0-9 - . _ ~` (RFC 7636 §4.1).
public struct CodeVerifier: Sendable, Hashable {
  /// The verifier itself, for the token request.
  public let text: String

  /// - Throws: `invalidArgument` if `text` is no code verifier.
  public init(_ text: String) throws(AuthCacheError) {
    guard Self.isValid(text) else {
      throw AuthCacheError(
        .invalidArgument, operation: .configure, kind: .verifier,
        "a code verifier has 43 to 128 characters out of A-Z a-z 0-9 - . _ ~")
    }
    self.text = text
  }

  private init(random entropy: any EntropySource) { text = Base64URL.encode(entropy.bytes(32)) }

  /// A new verifier with 256 random bits.
  public static func generate(from entropy: any EntropySource = SystemEntropy()) -> CodeVerifier {
    CodeVerifier(random: entropy)
  }

  /// The challenge for the authorization request.
  public func challenge(_ method: CodeChallenge.Method = .s256) -> CodeChallenge {
    CodeChallenge(of: self, method)
  }

  static func isValid(_ text: String) -> Bool {
    (43...128).contains(text.utf8.count) && text.utf8.allSatisfy(\.isUnreserved)
  }
}

extension UInt8 {
  /// One of the unreserved characters of RFC 3986 §2.3.
  fileprivate var isUnreserved: Bool {
    switch self {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}

extension CodeVerifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "CodeVerifier(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
