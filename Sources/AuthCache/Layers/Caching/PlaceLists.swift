/// Some queues of places, linked through the places themselves. A place is in one queue at most.
struct PlaceLists: Sendable {
  private struct Link: Sendable {
    var previous = UInt32.max
    var next = UInt32.max
  }

  private struct List: Sendable {
    var first = UInt32.max
    var last = UInt32.max
    var count = 0
  }

  private var links: [Link] = []
  private var lists: [List]
  private let places: Int

  /// - Parameter places: how many there are at most.
  init(count: Int, places: Int) {
    lists = Array(repeating: List(), count: count)
    self.places = places
  }

  func count(of list: Int) -> Int { lists[list].count }

  func first(of list: Int) -> Int? { lists[list].first == .max ? nil : Int(lists[list].first) }

  mutating func append(_ place: Int, to list: Int) {
    while links.count <= place {
      links.makeRoom(upTo: places)
      links.append(Link())
    }
    let last = lists[list].last
    links[place] = Link(previous: last)
    if last == .max { lists[list].first = UInt32(place) } else { links[Int(last)].next = UInt32(place) }
    lists[list].last = UInt32(place)
    lists[list].count += 1
  }

  mutating func remove(_ place: Int, from list: Int) {
    let link = links[place]
    if link.previous == .max { lists[list].first = link.next } else { links[Int(link.previous)].next = link.next }
    if link.next == .max { lists[list].last = link.previous } else { links[Int(link.next)].previous = link.previous }
    lists[list].count -= 1
  }
}
