internal import AuthCacheConformance
internal import Foundation
internal import Synchronization

/// How a run goes on, while it goes on: a live line for each subject on a terminal, milestones elsewhere.
final class Progress: Sendable {
  private struct Line {
    let title: String
    let total: Int
    var done = 0
    var failed = 0
    var started: ContinuousClock.Instant?
    var ended: ContinuousClock.Instant?
    var blocked: String?
    /// Quarters that were announced.
    var announced = 0
  }

  private struct State {
    var lines: [Line]
    var drawn = 0
    var drawnAt: ContinuousClock.Instant?
    var isOver = false
  }

  private let terminal: Terminal
  private let state: Mutex<State>
  private let clock = ContinuousClock()

  init(_ subjects: [Subject], requirements: Int, on terminal: Terminal) {
    self.terminal = terminal
    state = Mutex(State(lines: subjects.map { Line(title: $0.description, total: requirements) }))
  }

  /// Says what begins.
  func begin(_ sentence: String) { terminal.output.write(sentence + "\n") }

  func tell(_ event: RunEvent) {
    switch event {
    case .inspected(let subject, .success): update(subject) { $0.started = $0.started ?? clock.now }
    case .inspected(let subject, .failure(let blocked)):
      update(subject) { $0.blocked = Redaction.password(in: blocked.reason) }
    case .started: break
    case .finished(let result, let subject):
      var failure: String?
      update(subject) { line in
        line.done += 1
        if line.done == line.total { line.ended = clock.now }
        if case .failed(let findings) = result.outcome {
          line.failed += 1
          failure = findings.first?.message
        }
      }
      if let failure, !terminal.isLive {
        terminal.output.write("\(subject): \(result.requirement.id) failed: \(failure)\n")
      }
    }
  }

  private func update(_ subject: Subject, _ change: (inout Line) -> Void) {
    state.withLock { state in
      guard !state.isOver, let index = state.lines.firstIndex(where: { $0.title == subject.description }) else {
        return
      }
      change(&state.lines[index])
      if terminal.isLive { redraw(&state) } else { announce(&state.lines[index]) }
    }
  }

  /// Takes the live lines off the terminal.
  func end() {
    state.withLock { state in
      state.isOver = true
      erase(&state)
    }
  }

  // MARK: Milestones

  private func announce(_ line: inout Line) {
    if let blocked = line.blocked, line.announced == 0 {
      line.announced = 5
      return terminal.output.write("\(line.title): blocked: \(blocked)\n")
    }
    guard line.total > 0, line.blocked == nil, line.done > 0 else { return }
    let quarter = line.done * 4 / line.total
    guard quarter > line.announced else { return }
    line.announced = quarter
    let spent = line.started.map { Self.time(($0.duration(to: clock.now)) / .seconds(1)) } ?? ""
    terminal.output.write("\(line.title): \(line.done)/\(line.total) done, \(line.failed) failed, \(spent)\n")
  }

  // MARK: Live lines

  /// At most twenty times a second.
  private func redraw(_ state: inout State) {
    let now = clock.now
    let isLast = state.lines.allSatisfy { $0.done == $0.total }
    if let drawn = state.drawnAt, drawn.duration(to: now) < .milliseconds(50), !isLast { return }
    state.drawnAt = now
    let width = terminal.width
    let names = state.lines.map(\.title.count).max() ?? 0
    let lines = state.lines.map { text(of: $0, names: names, width: width, at: now) }
    let up = state.drawn > 0 ? "\u{1B}[\(state.drawn)A" : ""
    terminal.output.write(up + lines.map { "\r\u{1B}[K\($0)\n" }.joined())
    state.drawn = lines.count
  }

  private func erase(_ state: inout State) {
    guard state.drawn > 0 else { return }
    terminal.output.write("\u{1B}[\(state.drawn)A\r\u{1B}[J")
    state.drawn = 0
  }

  private func text(of line: Line, names: Int, width: Int, at now: ContinuousClock.Instant) -> String {
    let style = terminal.style
    let title = line.title + String(repeating: " ", count: names - line.title.count)
    if let blocked = line.blocked { return style.red(Self.cut("\(title)  blocked: \(blocked)", to: width - 1)) }
    let counts = "\(line.done)/\(line.total)"
    let failed = line.failed == 0 ? "" : "  \(line.failed) failed"
    let rest = "  \(Self.padded(counts, to: 2 * "\(line.total)".count + 1))\(failed)\(remaining(line, at: now))"
    let room = width - 1 - title.count - rest.count - 2
    let bar = room >= 10 ? "  " + bar(line, columns: min(room, 30), style) : ""
    let plain = Self.cut(title + rest, to: width - 1)
    guard plain == title + rest else { return plain }
    return title + bar + (line.failed == 0 ? rest : rest.replacing(failed, with: style.red(failed)))
  }

  private func bar(_ line: Line, columns: Int, _ style: TextStyle) -> String {
    let full = line.total == 0 ? columns : columns * line.done / line.total
    let done = String(repeating: "━", count: full)
    return (line.failed == 0 ? style.green(done) : style.red(done))
      + style.faint(String(repeating: "─", count: columns - full))
  }

  private func remaining(_ line: Line, at now: ContinuousClock.Instant) -> String {
    guard let started = line.started else { return "" }
    let spent = started.duration(to: line.ended ?? now) / .seconds(1)
    if line.done == line.total { return "  \(Self.time(spent))" }
    // Too little to judge by.
    guard line.done >= 5, spent > 0.5 else { return "" }
    return "  \(Self.time(spent / Double(line.done) * Double(line.total - line.done))) left"
  }

  static func time(_ seconds: Double) -> String {
    if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
    if seconds < 60 { return "\(Int(seconds.rounded())) s" }
    let whole = Int(seconds.rounded())
    return "\(whole / 60) min \(whole % 60) s"
  }

  private static func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func cut(_ text: String, to width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
  }
}
