internal import AuthCache

extension Requirement {
  /// What a buffer must keep in every order of the steps that its callers take.
  static let bufferSchedules: [Requirement] = [
    Requirement(
      "buffer.schedule.closing", .buffer,
      "In whatever order a close comes between writes, each is written, or its caller is told that it was not.",
      consequence: "At every deployment a few logins vanish that were acknowledged.",
      likelyCause: "Between the look whether the buffer is closed and the taking in of a write the close comes.",
      references: ["teranode#1523"]
    ) { trial in
      let sessions = (0..<3).map { _ in trial.session() }
      for queued in [Set<RecordKind>(), [.session]] {
        await trial.explore("writes while the buffer is closed") { schedule in
          let calls = DelegateCalls()
          let store = InterceptedBackend(ReferenceBackend(clock: schedule.clock), by: calls).interleaved()
          let buffer = try trial.subject.factory.layers.buffer(
            LayerFactories.BufferParts(
              delegate: store,
              configuration: BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(2), queued: queued),
              clock: schedule.clock, spawner: schedule.spawner))
          let told = Memo<[Lookup: AuthCacheError]>([:])
          @Sendable func write(_ session: Record) async {
            do throws(AuthCacheError) { try await buffer.store(session) } catch { told.with { $0[session.id] = error } }
          }
          try await schedule.together([
            "writer": { for session in sessions.dropLast() { await write(session) } },
            "another": { for session in sessions.suffix(1) { await write(session) } },
            "closer": { try await buffer.close() },
          ])
          for session in sessions {
            let isWritten = calls.sent[session.id] != nil
            switch told.with({ $0[session.id] }) {
            case nil: schedule.expect(isWritten, "a write was acknowledged and is not in the store")
            case let error? where error.effect == .none:
              schedule.expect(error.code == .closed, "a caller is told \(error.code)")
              schedule.expect(!isWritten, "a caller is told of no effect, and its write is in the store")
            case _?: break
            }
          }
          schedule.expect(buffer.unwritten().isEmpty, "a write is left behind by a close that was told of no trouble")
        }
      }
    }
  ]
}
