public import AuthCacheConformance
public import Testing

/// Checks one requirement on one backend, and fails the current test if it is breached.
///
/// ```swift
/// @Suite struct DynamoConformance {
///   @Test(arguments: Requirement.all)
///   func satisfies(_ requirement: Requirement) async throws {
///     try await verify(requirement, on: .dynamo)
///   }
/// }
/// ```
///
/// However many cases run, only so many checks as there are cores are carried out at once, and the time of a check
/// begins when it is admitted. A requirement that the backend does not declare cancels its case, with the reason.
/// Names of factories are unique within a test target: what a backend declares is asked once for each name.
///
/// | variable | effect |
/// |---|---|
/// | `AUTHCACHE_SEED` | the seed of every check, as a failure prints it |
/// | `AUTHCACHE_ONLY` | the one requirement that is checked; the others are cancelled |
/// | `AUTHCACHE_REPORT` | the folder into which the kit's own reports are written when the process ends |
/// | `AUTHCACHE_ALLOW_BLOCKED` | `1`: what can't be reached cancels its case and does not fail it |
/// | `AUTHCACHE_KNOWN_FAILURES` | a file of failures that are accepted for the time being |
/// | `AUTHCACHE_NAME_URL` | the address of the backend NAME, in upper case, if the call gives none |
///
/// - Parameters:
///   - requirement: One of `Requirement.all`.
///   - factory: How the backend is opened.
///   - stack: The layers to put on it.
///   - url: The address, for a backend that takes one.
///   - child: Starts the child processes that some checks need. Without one those are not scored.
public func verify(
  _ requirement: Requirement, on factory: BackendFactory, stack: Stack = .plain, url: String? = nil,
  child: ChildLauncher? = nil, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let run = TestRun.current
  if let only = run.settings.only, only != requirement.id {
    return try skip("only \(only) was asked for", sourceLocation)
  }
  let subject = Subject(factory, stack: stack, url: url ?? run.settings.url(of: factory))
  let result = await run.result(of: requirement, on: subject, child: child)
  switch result.outcome {
  case .passed: return
  case .failed:
    Issue.record(Comment(rawValue: run.lesson(of: result, on: subject)), sourceLocation: sourceLocation)
  case .knownFailure(let reason, _):
    withKnownIssue(Comment(rawValue: reason), sourceLocation: sourceLocation) {
      _ = Issue.record(Comment(rawValue: run.lesson(of: result, on: subject)), sourceLocation: sourceLocation)
    }
  case .blocked(let reason) where !run.settings.allowsBlocked:
    Issue.record(
      "\(requirement.id) on \(subject) is blocked: \(reason)\nSet AUTHCACHE_ALLOW_BLOCKED=1 to go on without it.",
      sourceLocation: sourceLocation)
  case .blocked(let reason): try skip("blocked: \(reason)", sourceLocation)
  case .notDeclared(let reason): try skip("not declared: \(reason)", sourceLocation)
  case .notScored(let reason): try skip("not scored: \(reason)", sourceLocation)
  }
}

/// Ends the current case without a verdict, visibly.
private func skip(_ reason: String, _ sourceLocation: SourceLocation) throws {
  #if compiler(>=6.3)
  try Test.cancel(Comment(rawValue: reason), sourceLocation: sourceLocation)
  #endif
}
