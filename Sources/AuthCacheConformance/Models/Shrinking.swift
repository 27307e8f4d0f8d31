/// Delta debugging: the fewest elements with which something still fails (Zeller, Hildebrandt: Simplifying and
/// Isolating Failure-Inducing Input, IEEE Transactions on Software Engineering 28, 2002).
public enum Shrinking {
  /// A subsequence of `elements` that still fails and from which no single element can be left out.
  ///
  /// - Parameters:
  ///   - elements: what fails now.
  ///   - stillFails: whether a subsequence fails in the same way.
  public static func fewest<Element>(
    _ elements: [Element], stillFails: ([Element]) throws -> Bool
  ) rethrows -> [Element] {
    var elements = elements
    var chunk = max(1, elements.count / 2)
    while !elements.isEmpty {
      var start = 0
      var shrank = false
      while start < elements.count {
        var candidate = elements
        candidate.removeSubrange(start..<min(start + chunk, elements.count))
        if try stillFails(candidate) {
          elements = candidate
          shrank = true
        } else {
          start += chunk
        }
      }
      if chunk == 1, !shrank { break }
      chunk = max(1, min(chunk / 2, elements.count))
    }
    return elements
  }

  /// The same for a test that suspends.
  public static func fewest<Element>(
    _ elements: [Element], stillFails: ([Element]) async throws -> Bool
  ) async rethrows -> [Element] {
    var elements = elements
    var chunk = max(1, elements.count / 2)
    while !elements.isEmpty {
      var start = 0
      var shrank = false
      while start < elements.count {
        var candidate = elements
        candidate.removeSubrange(start..<min(start + chunk, elements.count))
        if try await stillFails(candidate) {
          elements = candidate
          shrank = true
        } else {
          start += chunk
        }
      }
      if chunk == 1, !shrank { break }
      chunk = max(1, min(chunk / 2, elements.count))
    }
    return elements
  }
}
