/// A number of places that is fixed when it is made: never moved, and read without counting references.
///
/// For what many tasks touch at once, such as locks. An array of objects would count a reference to one at each access,
/// and the counts would be what the tasks wait for; and each place begins a cache line of its own, so that a task that
/// writes to one does not slow down another at its neighbour.
struct FixedArray<Element: ~Copyable & Sendable>: ~Copyable, @unchecked Sendable {
  // Sendable: the pointer never changes, and all that anybody may do with a place is what `Element: Sendable` allows.
  private let places: UnsafeMutableRawPointer
  let count: Int

  /// Two lines of 64 bytes: processors fetch them in pairs.
  private static var line: Int { 128 }
  private static var stride: Int { (MemoryLayout<Element>.size + line - 1) / line * line }

  init(count: Int, _ make: () -> Element) {
    places = .allocate(byteCount: max(1, count) * Self.stride, alignment: Self.line)
    self.count = count
    for index in 0..<count {
      (places + index * Self.stride).initializeMemory(as: Element.self, to: make())
    }
  }

  deinit {
    for index in 0..<count { place(index).deinitialize(count: 1) }
    places.deallocate()
  }

  subscript(index: Int) -> Element {
    @inline(__always) _read {
      precondition(index >= 0 && index < count)
      yield place(index).pointee
    }
  }

  @inline(__always)
  private func place(_ index: Int) -> UnsafeMutablePointer<Element> {
    (places + index * Self.stride).assumingMemoryBound(to: Element.self)
  }
}
