public import AuthCacheConformance
public import Testing

extension Requirement: CustomTestStringConvertible {
  /// The id and the promise, as a test report shows the case.
  public var testDescription: String { description }
}
