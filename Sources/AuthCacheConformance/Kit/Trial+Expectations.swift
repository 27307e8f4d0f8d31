public import AuthCache

/// Thrown to end a check whose finding has been recorded already.
struct CheckEnded: Error {}

extension Trial {
  /// Records a breach unless `condition` holds, and goes on.
  @discardableResult
  public func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, expected: @autoclosure () -> String? = nil,
    found: @autoclosure () -> String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    if !condition { fail(message(), expected: expected(), found: found(), file: file, line: line) }
    return condition
  }

  /// Records a breach unless the two are equal, and goes on.
  @discardableResult
  public func expect<Value: Equatable>(
    _ found: Value, equals expected: Value, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Bool {
    expect(
      found == expected, message(), expected: Self.text(expected), found: Self.text(found), file: file, line: line)
  }

  /// Records a breach unless there is a value, and ends the check in that case.
  public func require<Value>(
    _ value: Value?, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    if let value { return value }
    fail(message(), expected: "a value", found: "nil", file: file, line: line)
    throw CheckEnded()
  }

  /// Records a breach unless `condition` holds, and ends the check in that case.
  public func require(
    _ condition: Bool, _ message: @autoclosure () -> String, expected: @autoclosure () -> String? = nil,
    found: @autoclosure () -> String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws {
    guard expect(condition, message(), expected: expected(), found: found(), file: file, line: line) else {
      throw CheckEnded()
    }
  }

  /// Records a breach unless `body` throws an error with this code (and effect, if one is given).
  ///
  /// - Returns: the error thrown, if it was an ``AuthCacheError``.
  @discardableResult
  public func expectError(
    _ code: AuthCacheError.Code, effect: AuthCacheError.Effect? = nil, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> some Any
  ) async -> AuthCacheError? {
    let expected = effect.map { "\(code) with effect \($0.rawValue)" } ?? "\(code)"
    do {
      let answer = try await body()
      fail(
        message(), expected: "an error: \(expected)",
        found: answer is Void ? "no error" : "no error, but \(Self.text(answer))",
        file: file, line: line)
      return nil
    } catch let error as AuthCacheError {
      expect(
        error.code == code && (effect == nil || error.effect == effect), message(), expected: expected,
        found: "\(error.code) with effect \(error.effect.rawValue)", file: file, line: line)
      return error
    } catch {
      fail(
        message(), expected: expected, found: "\(type(of: error)), which is not an AuthCacheError", file: file,
        line: line)
      return nil
    }
  }

  /// What a finding prints for a value.
  static func text<Value>(_ value: Value) -> String {
    if let optional = value as? any Unwrappable { return optional.wrapped.map { Self.text($0) } ?? "nil" }
    let text = String(describing: value).replacing("Optional(", with: "(")
    return text.count > 400 ? "\(text.prefix(400))… (\(text.count) characters)" : text
  }
}

/// An optional whatever it wraps, so that a finding shows the value and not that there is one.
private protocol Unwrappable {
  var wrapped: Any? { get }
}

extension Optional: Unwrappable {
  fileprivate var wrapped: Any? { self }
}
