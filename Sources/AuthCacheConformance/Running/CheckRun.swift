internal import AuthCache
internal import Foundation
internal import Synchronization

/// Runs one requirement once on one subject: fresh namespace, bounded time, everything put away afterwards.
struct CheckRun {
  let requirement: Requirement
  let subject: Subject
  let declaration: Declaration
  let seed: UInt64
  let children: ChildLauncher?

  /// How it ended, and what was measured on the way.
  func run() async -> (outcome: Outcome, note: String?) {
    for need in requirement.needs {
      if let outcome = declaration.outcome(ofMissing: need, for: subject, children: children) { return (outcome, nil) }
    }
    let place: CheckPlace
    do {
      place = try CheckPlace(
        declaration: declaration, url: subject.url, announces: requirement.needs.contains(.invalidation))
    } catch {
      return (.blocked("\(error)"), nil)
    }
    defer { place.remove() }

    let trial = Trial(
      requirement: requirement, subject: subject, declaration: declaration, environment: place.environment,
      seed: seed, children: children)
    let executor = CheckExecutor(threads: max(2, ProcessInfo.processInfo.activeProcessorCount))
    let check = requirement.check
    let ended = await bounded(by: requirement.deadline * Self.pace, on: executor) {
      await Self.end(of: check, on: trial)
    }
    executor.end()
    await putAway(trial)
    return (judge(trial, ended), trial.note)
  }

  // Thread Sanitizer slows everything down.
  #if PTHREAD_LOCKS
  static let pace = 10
  #else
  static let pace = 1
  #endif

  private enum End: Sendable {
    case returned
    case blocked(String)
    case notOffered(String)
    case threw(String)
  }

  private static func end(of check: Requirement.Check, on trial: Trial) async -> End {
    do {
      try await check(trial)
      return .returned
    } catch is CheckEnded {
      return .returned
    } catch let blocked as Blocked {
      return .blocked(blocked.reason)
    } catch let missing as NotOffered {
      return .notOffered(missing.reason)
    } catch {
      return .threw((error as? AuthCacheError)?.debugDescription ?? "\(error)")
    }
  }

  private func judge(_ trial: Trial, _ end: End?) -> Outcome {
    if case .returned = end, trial.findings.isEmpty { return .passed }
    // What goes wrong while the run is ended says nothing about the backend.
    guard !Task.isCancelled else { return .blocked("the run was cancelled") }
    switch end {
    case .blocked(let reason) where trial.findings.isEmpty: return .blocked(reason)
    case .notOffered(let reason) where trial.findings.isEmpty: return .notDeclared(reason)
    case .threw(let error):
      trial.fail("an operation that must succeed threw", expected: "no error", found: error, file: "", line: 0)
    case nil:
      let waiting = trial.trace.inFlight
      trial.fail(
        "the check did not end within \(requirement.deadline)", expected: "an end",
        found: waiting.isEmpty ? "no operation in flight" : "still waiting for " + waiting.joined(separator: "; "),
        file: "", line: 0)
    default: break
    }
    return trial.findings.isEmpty ? .passed : .failed(trial.findings)
  }

  /// Closes what the check left open and removes its namespace, in bounded time, whatever the backend does.
  private func putAway(_ trial: Trial) async {
    let (handles, processes, elsewhere) = trial.state.withLock { ($0.handles, $0.processes, $0.elsewhere) }
    let environments = [trial.environment] + elsewhere
    let destroy = subject.factory.destroy
    let executor = CheckExecutor(threads: 1)
    for process in processes { process.kill() }
    // A task of its own, so that a run which was cancelled is put away all the same.
    _ = await Task.detached {
      await bounded(by: .seconds(10), on: executor) {
        for process in processes { _ = await process.wait() }
        for handle in handles { try? await handle.close() }
        for environment in environments { try? await destroy?(environment) }
      }
    }.value
    executor.end()
  }
}

/// Thrown to end a check that needs what a layer of the factory's own does not offer.
struct NotOffered: Error {
  let reason: String
}

/// Where one check happens: a folder and a namespace of its own.
struct CheckPlace {
  let environment: BackendEnvironment

  init(declaration: Declaration?, url: String?, announces: Bool) throws {
    let name = "ac" + String(SystemEntropy().next(), radix: 16)
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("authcache-\(ProcessInfo.processInfo.processIdentifier)-\(name)", isDirectory: true)
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Blocked(
        "no folder for the check can be made in \(folder.deletingLastPathComponent().path): see that there is room and "
          + "that you may write there, or set TMPDIR to another folder")
    }
    let isReal = if case .real = declaration?.properties.clock { true } else { false }
    let clock: any AuthCacheClock = isReal ? SystemClock() : VirtualClock()
    environment = BackendEnvironment(
      namespace: name, clock: clock, directory: folder.path, url: url, announces: announces)
  }

  func remove() { try? FileManager.default.removeItem(atPath: environment.directory) }
}
