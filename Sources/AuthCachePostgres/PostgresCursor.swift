internal import AuthCache
internal import AuthCacheSQL
internal import CPostgres

/// One execution of a statement: its parameters, and what came back.
final class PostgresCursor: SQLCursor {
  let text: PostgresStatement
  private unowned let connection: PostgresConnection
  private(set) var parameters: PostgresParameters
  private var result: OpaquePointer?
  private var row: Int32 = -1
  private var rows: Int32 = 0

  init(_ text: PostgresStatement, on connection: PostgresConnection) {
    self.text = text
    self.connection = connection
    parameters = PostgresParameters(count: text.parameters, writesMany: text.writesMany)
  }

  deinit { PQclear(result) }

  func bind(_ digest: RecordDigest?, at position: Int) {
    guard let digest else { return parameters.set(nil as UnsafeRawBufferPointer?, at: position) }
    digest.withUnsafeBytes { parameters.set($0, at: position) }
  }

  func bind(_ integer: Int64?, at position: Int) {
    guard let integer else { return parameters.set(nil as UnsafeRawBufferPointer?, at: position) }
    withUnsafeBytes(of: integer.bigEndian) { parameters.set($0, at: position) }
  }

  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int) { parameters.set(bytes, at: position) }

  func bind(_ kind: RecordKind, at position: Int) {
    var text = kind.rawValue
    text.withUTF8 { parameters.set(UnsafeRawBufferPointer($0), at: position) }
  }

  func bind(_ digests: [RecordDigest], at position: Int) { parameters.set(digests, at: position) }

  /// Each column has grown by what was bound.
  func endRow() {}

  func send() throws(SQLFailure) { try connection.send(self) }

  /// Takes over a result that has come for this cursor.
  func receive(_ result: OpaquePointer) {
    PQclear(self.result)
    self.result = result
    row = -1
    rows = PQntuples(result)
  }

  func step() throws(SQLFailure) -> Bool {
    if result == nil { try connection.receive(for: self) }
    row += 1
    return row < rows
  }

  var changes: Int { result.flatMap { Int(String(cString: PQcmdTuples($0))) } ?? 0 }

  func digest(at column: Int) throws(SQLFailure) -> RecordDigest? {
    guard PQgetisnull(result, row, Int32(column)) == 0 else { return nil }
    let bytes = value(at: column)
    guard bytes.count == 32 else { throw Self.foreign }
    func word(_ place: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self))
    }
    return RecordDigest(words: (word(0), word(1), word(2), word(3)))
  }

  func integer(at column: Int) throws(SQLFailure) -> Int64? {
    guard PQgetisnull(result, row, Int32(column)) == 0 else { return nil }
    let bytes = value(at: column)
    switch bytes.count {
    case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    default: throw Self.foreign
    }
  }

  func bytes(at column: Int) throws(SQLFailure) -> [UInt8] {
    guard PQgetisnull(result, row, Int32(column)) == 0 else { throw Self.foreign }
    return [UInt8](value(at: column))
  }

  func text(at column: Int) throws(SQLFailure) -> String {
    guard PQgetisnull(result, row, Int32(column)) == 0 else { throw Self.foreign }
    return String(decoding: value(at: column), as: UTF8.self)
  }

  func finish() {
    PQclear(result)
    result = nil
    parameters.reset()
    connection.recycle(self)
  }

  private func value(at column: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, row, Int32(column)), count: Int(PQgetlength(result, row, Int32(column))))
  }

  private static let foreign = SQLFailure(
    .corrupt, condition: .confined, "a row holds what this library never writes: repair or remove it")
}

/// A statement as it is sent.
struct PostgresStatement: Sendable {
  /// Its name on the server, and its place among the connection's.
  let place: Int
  let name: String
  let text: String
  let parameters: Int
  let writesMany: Bool
  let writes: Bool
  /// It reads one record by a key.
  let isBrief: Bool

  init(_ text: String, place: Int, statement: Statement?) {
    let rendered = ParameterStyle.dollar.render(text, count: 1).text
    self.text = rendered
    self.place = place
    name = "authcache_\(place)"
    parameters = Self.highestParameter(in: rendered)
    switch statement {
    case .storeMany, .insertMany: writesMany = true
    default: writesMany = false
    }
    switch statement {
    case .load, .loadMany, .list, .isLive: writes = false
    default: writes = true
    }
    switch statement {
    case .load, .isLive: isBrief = true
    default: isBrief = false
    }
  }

  private static func highestParameter(in text: String) -> Int {
    text.split(separator: "$").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0
  }
}
