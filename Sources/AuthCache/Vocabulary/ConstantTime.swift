/// Whether two secrets are equal, in a time that depends on their lengths only.
func equalInConstantTime(_ a: String, _ b: String) -> Bool {
  guard a.utf8.count == b.utf8.count else { return false }
  var difference: UInt8 = 0
  for (x, y) in zip(a.utf8, b.utf8) { difference |= x ^ y }
  return difference == 0
}
