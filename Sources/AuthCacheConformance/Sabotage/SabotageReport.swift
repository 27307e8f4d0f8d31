/// Which mutants were caught, by which requirements: the proof that the kit's checks can fail.
public struct SabotageReport: Sendable, Codable {
  /// The version of the form that is written as JSON.
  public var format = 1
  /// All that were run.
  public var mutants: [Entry]
  /// Requirements that no mutant broke.
  public var requirementsNeverSeenFailing: [String]

  /// One broken backend.
  public struct Entry: Sendable, Codable, Hashable {
    /// Its name.
    public var name: String
    /// What it does wrong.
    public var mistake: String
    /// The requirement that must catch it.
    public var boundTo: String
    /// Every requirement that failed.
    public var caughtBy: [String]
    /// Whether the one that must catch it did.
    public var caught: Bool
  }

  /// Whether every mutant was caught.
  public var isComplete: Bool { mutants.allSatisfy(\.caught) }

  /// Runs every requirement against every mutant.
  ///
  /// - Parameters:
  ///   - mutants: The broken backends.
  ///   - requirements: What is asked of each. The one that a mutant is bound to should be among them.
  ///   - jobs: How many checks run at once; the number of cores if left out.
  ///   - seed: Everything random follows from it.
  ///   - children: Starts child processes; without it requirements that need them are not asked.
  ///   - onProgress: Called after each mutant with how many are done.
  public static func run(
    mutants: [Mutant] = Mutant.all, requirements: [Requirement] = Requirement.all, jobs: Int? = nil, seed: UInt64 = 1,
    children: ChildLauncher? = nil, onProgress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async -> SabotageReport {
    let runner = Runner(requirements: requirements, seed: seed, jobs: jobs, children: children)
    var entries: [Entry] = []
    var seen: Set<String> = []
    for mutant in mutants {
      if Task.isCancelled { break }
      let report = await runner.run([Subject(mutant.factory)])
      let caughtBy = report.subjects.flatMap(\.results).filter { $0.outcome == "failed" }.map(\.id)
      seen.formUnion(caughtBy)
      entries.append(
        Entry(
          name: mutant.name, mistake: mutant.mistake, boundTo: mutant.boundTo, caughtBy: caughtBy,
          caught: caughtBy.contains(mutant.boundTo)))
      onProgress(entries.count, mutants.count)
    }
    return SabotageReport(
      mutants: entries, requirementsNeverSeenFailing: requirements.map(\.id).filter { !seen.contains($0) })
  }
}
