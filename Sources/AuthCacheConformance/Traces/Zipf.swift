package import AuthCache
internal import Foundation

/// Draws ranks of which the n-th is as likely as 1 / n to the power of the skew.
package struct Zipf {
  private let sums: [Double]

  package init(skew: Double, count: Int) {
    var sum = 0.0
    sums = (1...max(1, count)).map { rank in
      sum += pow(Double(rank), -skew)
      return sum
    }
  }

  /// A rank, from zero.
  package func rank(using generator: inout SeededGenerator) -> Int {
    let point = Double.random(in: 0..<(sums.last ?? 1), using: &generator)
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] <= point { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// `count` of the elements, the first ones most often.
  package func stream<Element>(of elements: [Element], _ count: Int, seed: UInt64) -> [Element] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in elements[rank(using: &generator)] }
  }
}
