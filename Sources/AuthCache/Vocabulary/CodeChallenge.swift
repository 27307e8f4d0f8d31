internal import Crypto

/// What an authorization request shows of its PKCE verifier (RFC 7636 §4.2).
public struct CodeChallenge: Sendable, Hashable {
  /// How a challenge follows from a verifier (RFC 7636 §4.2).
  public enum Method: String, Sendable, Hashable, CaseIterable {
    /// SHA-256 of the verifier, in base 64 for URLs.
    case s256 = "S256"
    /// The verifier itself.
    case plain
  }

  /// How the challenge follows from the verifier.
  public let method: Method
  /// The challenge, as the client sent it.
  public let value: String

  /// - Parameter value: 43 characters of base 64 for URLs for S256; a code verifier for plain.
  /// - Throws: `invalidArgument` for anything else.
  public init(_ value: String, method: Method = .s256) throws(AuthCacheError) {
    let isValid =
      switch method {
      case .s256: Base64URL.decode(value)?.count == SHA256.byteCount
      case .plain: CodeVerifier.isValid(value)
      }
    guard isValid else {
      throw AuthCacheError(
        .invalidArgument, operation: .configure, kind: .code, "this is no code challenge of method \(method.rawValue)")
    }
    self.value = value
    self.method = method
  }

  init(of verifier: CodeVerifier, _ method: Method) {
    self.method = method
    value = Self.transform(verifier.text, by: method)
  }

  /// Whether `verifier` is the one that this challenge was made of. False for text that is no verifier at all.
  public func matches(_ verifier: String) -> Bool {
    CodeVerifier.isValid(verifier) && equalInConstantTime(Self.transform(verifier, by: method), value)
  }

  private static func transform(_ verifier: String, by method: Method) -> String {
    switch method {
    case .s256: Base64URL.encode([UInt8](SHA256.hash(data: [UInt8](verifier.utf8))))
    case .plain: verifier
    }
  }
}

extension CodeChallenge: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "CodeChallenge(\(method.rawValue))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
