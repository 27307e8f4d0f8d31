public import AuthCache

/// Gives a schedule its choices: before and after every call another client may go on.
///
/// Writes each call with its answer into the schedule, so that a failing one reads as what the clients did. A call by a task
/// that has left the schedule, such as a detached one, fails the exploration.
public struct Interleaving: BackendInterceptor {
  private let labels: RecordLabels
  private let layer: String?
  /// The schedule that it was made in. A call that belongs to none comes from work that has left it.
  private let home = Schedule.current

  /// - Parameter layer: a word that tells this backend's steps from those of others in the same schedule.
  public init(layer: String? = nil, labels: RecordLabels = RecordLabels()) {
    self.layer = layer
    self.labels = labels
  }

  public func intercept(
    _ call: BackendCall, proceed: BackendProceed
  ) async throws(AuthCacheError) -> BackendAnswer {
    guard let schedule = Schedule.current else {
      home?.noteEscape()
      return try await proceed(call)
    }
    await schedule.point()
    let answer: BackendAnswer
    do {
      answer = try await proceed(call)
    } catch {
      schedule.step("\(prefix)\(labels.describe(call)) threw \(error.code)")
      await schedule.point()
      throw error
    }
    schedule.step("\(prefix)\(labels.describe(call)) \(labels.describe(answer, to: call))")
    await schedule.point()
    return answer
  }

  private var prefix: String { layer.map { "[\($0)] " } ?? "" }
}

extension AuthCacheBackend {
  /// This backend with a choice of the schedule before and after every call.
  public func interleaved(layer: String? = nil, labels: RecordLabels = RecordLabels()) -> InterceptedBackend<Self> {
    InterceptedBackend(self, by: Interleaving(layer: layer, labels: labels))
  }
}
