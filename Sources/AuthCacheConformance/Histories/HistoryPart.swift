/// The operations on one record, or on a few that share an alias: what is judged by itself.
struct HistoryPart {
  typealias Entry = LinearizabilitySearch.Entry

  /// In order of invocation; ``Entry/source`` is an index into these.
  let operations: [HistoryOperation]
  let store: SequentialStore
  let entries: [Entry]
  /// How many ids were named, whether or not anything was written under them.
  let records: Int

  var empty: SequentialStore.State {
    SequentialStore.State(slots: Array(repeating: .empty, count: records), time: .min)
  }

  init(_ operations: [HistoryOperation], ids: [HistoryLookup]) {
    let operations = operations.sorted { ($0.invoked, $0.returned ?? .max) < ($1.invoked, $1.returned ?? .max) }
    self.operations = operations
    self.records = ids.count

    var slots: [HistoryLookup: Int] = [:]
    for (slot, id) in ids.enumerated() { slots[id] = slot }
    var records: [HistoryRecord] = []
    var indices: [HistoryRecord: Int] = [:]
    var ends: Set<Int64> = []
    for operation in operations {
      if case .extend(_, let end) = operation.call { ends.insert(end) }
      guard let record = operation.call.written, indices[record] == nil else { continue }
      indices[record] = records.count
      records.append(record)
      if let end = record.expiresAt { ends.insert(end) }
    }
    store = SequentialStore(
      records: records, slotOf: records.map { slots[$0.id] ?? 0 }, ends: ends.sorted())

    func index(_ record: HistoryRecord) -> Int { indices[record] ?? 0 }
    func target(_ lookup: HistoryLookup) -> SequentialStore.Target {
      slots[lookup].map { .slot($0) } ?? .alias(lookup)
    }
    entries = operations.enumerated().compactMap { source, operation in
      let call: SequentialStore.Step.Call =
        switch operation.call {
        case .store(let record): .store(record: index(record))
        case .insert(let record): .insert(record: index(record))
        case .load(let lookup): .load(target(lookup))
        case .consume(let lookup): .consume(target(lookup))
        case .replace(_, let revision, let next): .replace(revision: revision, next: index(next))
        case .extend(let lookup, let end): .extend(target(lookup), to: end)
        case .remove(let lookup): .remove(target(lookup))
        case .removeAll(let group): .removeAll(group)
        }
      return Self.entry(call, operation, source: source)
    }
  }

  private static func entry(
    _ call: SequentialStore.Step.Call, _ operation: HistoryOperation, source: Int
  ) -> Entry? {
    let isDoubtful = operation.returned == nil || operation.answer == .unknown
    // A read that never came back says nothing, and so does what was certainly not done.
    if isDoubtful && operation.call.isRead || operation.answer == .notApplied { return nil }
    let step = SequentialStore.Step(
      call: call, answer: operation.answer, earliest: operation.earliest,
      latest: isDoubtful ? .max : operation.latest, isDoubtful: isDoubtful)
    return Entry(
      step: step, invoked: operation.invoked, returned: isDoubtful ? .max : operation.returned ?? .max,
      source: source)
  }
}

extension LinearizabilitySearch.Entry {
  /// The same operation with its answer and its return left open.
  var doubted: LinearizabilitySearch.Entry {
    let step = SequentialStore.Step(
      call: step.call, answer: .unknown, earliest: step.earliest, latest: .max, isDoubtful: true)
    return LinearizabilitySearch.Entry(step: step, invoked: invoked, returned: .max, source: source)
  }
}

extension History {
  /// Divides the history: operations on records that no alias connects have nothing to do with each other.
  var parts: [HistoryPart] {
    var clusters = Clusters()
    var members: [HistoryGroup: Set<HistoryLookup>] = [:]
    for operation in operations {
      if let lookup = operation.call.lookup { clusters.add(lookup) }
      guard let record = operation.call.written else { continue }
      for alias in record.aliases { clusters.join(record.id, alias) }
      for group in record.groups { members[group, default: []].insert(record.id) }
    }
    var operationsOf: [HistoryLookup: [HistoryOperation]] = [:]
    for operation in operations {
      if let lookup = operation.call.lookup {
        operationsOf[clusters.root(lookup), default: []].append(operation)
      } else if case .removeAll(let group) = operation.call {
        for root in Set((members[group] ?? []).map { clusters.root($0) }) {
          operationsOf[root, default: []].append(operation)
        }
      }
    }
    return operationsOf.values.map { operations in
      var ids: Set<HistoryLookup> = []
      for operation in operations {
        if let lookup = operation.call.lookup, lookup.isByID { ids.insert(lookup) }
      }
      return HistoryPart(operations, ids: ids.sorted { $0.digest < $1.digest })
    }
    .sorted { ($0.operations.first?.invoked ?? 0) < ($1.operations.first?.invoked ?? 0) }
  }
}

/// Union and find.
private struct Clusters {
  private var parent: [HistoryLookup: HistoryLookup] = [:]

  mutating func add(_ lookup: HistoryLookup) {
    if parent[lookup] == nil { parent[lookup] = lookup }
  }

  mutating func root(_ lookup: HistoryLookup) -> HistoryLookup {
    add(lookup)
    var root = lookup
    while let next = parent[root], next != root {
      parent[root] = parent[next] ?? next
      root = next
    }
    return root
  }

  mutating func join(_ a: HistoryLookup, _ b: HistoryLookup) {
    let (first, second) = (root(a), root(b))
    if first != second { parent[second] = first }
  }
}
