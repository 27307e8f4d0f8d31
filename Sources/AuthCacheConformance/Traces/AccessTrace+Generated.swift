internal import AuthCache
internal import Foundation

extension AccessTrace {
  /// Each of `count` keys as likely as 1 / rank to the power of the skew, at any time.
  package static func zipf(_ skew: Double, keys count: Int, requests: Int, seed: UInt64) -> AccessTrace {
    let ranks = Zipf(skew: skew, count: count).stream(of: Array(0..<UInt64(count)), requests, seed: seed)
    return AccessTrace(name: "zipf \(skew)", keys: ranks)
  }

  /// One key after the other, and again from the first.
  package static func loop(keys count: Int, requests: Int) -> AccessTrace {
    AccessTrace(name: "loop", keys: (0..<requests).map { UInt64($0 % count) })
  }

  /// Three in ten are new; the others were read the more likely the less is in between. What is recent is what counts.
  package static func recent(requests: Int, within span: Int = 4_000, seed: UInt64) -> AccessTrace {
    var generator = SeededGenerator(seed: seed)
    var keys: [UInt64] = []
    var next: UInt64 = 0
    for _ in 0..<requests {
      if keys.count < 10 || Int.random(in: 0..<100, using: &generator) < 30 {
        keys.append(next)
        next += 1
      } else {
        let back = pow(Double(min(keys.count, span)), Double.random(in: 0..<1, using: &generator))
        keys.append(keys[keys.count - min(keys.count, Int(back))])
      }
    }
    return AccessTrace(name: "recent", keys: keys)
  }

  /// Skewed, and after every `period` requests other keys are the popular ones: users come and go.
  package static func drifting(keys count: Int, requests: Int, period: Int, seed: UInt64) -> AccessTrace {
    let zipf = Zipf(skew: 1, count: count)
    var generator = SeededGenerator(seed: seed)
    let keys = (0..<requests).map { number in
      UInt64((zipf.rank(using: &generator) + number / period * (count / 10)) % count)
    }
    return AccessTrace(name: "drifting", keys: keys)
  }

  /// Skewed, with somebody who reads everything once, time and again: a report, or an administrator's list.
  package static func scanned(keys count: Int, requests: Int, seed: UInt64) -> AccessTrace {
    let zipf = Zipf(skew: 1, count: count)
    var generator = SeededGenerator(seed: seed)
    let keys = (0..<requests).map { number in
      // A quarter of the time.
      number / count % 4 == 3 ? UInt64(number % count) : UInt64(zipf.rank(using: &generator))
    }
    return AccessTrace(name: "scanned", keys: keys)
  }
}
