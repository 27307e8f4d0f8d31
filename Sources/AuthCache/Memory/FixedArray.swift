/// A number of places that is fixed when it is made: side by side, never moved, and read without counting references.
///
/// For what many tasks touch at once, such as locks: an array of objects would count a reference to one at each access,
/// and the counts would be what the tasks wait for.
struct FixedArray<Element: ~Copyable & Sendable>: ~Copyable, @unchecked Sendable {
  // Sendable: the pointer never changes, and all that anybody may do with a place is what `Element: Sendable` allows.
  private let places: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int, _ make: () -> Element) {
    places = .allocate(capacity: count)
    self.count = count
    for index in 0..<count { (places + index).initialize(to: make()) }
  }

  deinit {
    places.deinitialize(count: count)
    places.deallocate()
  }

  subscript(index: Int) -> Element {
    @inline(__always) _read {
      precondition(index >= 0 && index < count)
      yield places[index]
    }
  }
}
