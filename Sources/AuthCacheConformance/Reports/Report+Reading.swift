public import Foundation

extension Report {
  /// Reads a report that ``json`` wrote.
  ///
  /// - Throws: ``Unreadable`` with one sentence.
  public init(json: Data) throws {
    struct Head: Decodable { let format: Int? }
    guard let head = try? JSONDecoder().decode(Head.self, from: json) else { throw Unreadable("is not JSON") }
    guard let format = head.format else { throw Unreadable("is no report of this kit: it has no “format”") }
    guard format == 1 else { throw Unreadable("is a report of format \(format); this kit reads format 1") }
    do { self = try JSONDecoder().decode(Report.self, from: json) } catch let error as DecodingError {
      throw Unreadable("is no whole report: \(error.sentence)")
    }
  }

  /// Why a file is not a report.
  public struct Unreadable: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
  }
}

extension DecodingError {
  /// What is wrong and where, without the debugging noise.
  public var sentence: String {
    func place(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
      let path = (context.codingPath + (key.map { [$0] } ?? []))
        .map { $0.intValue.map { "[\($0)]" } ?? "“\($0.stringValue)”" }
      return path.isEmpty ? "the whole" : path.joined(separator: " ")
    }
    return switch self {
    case .keyNotFound(let key, let context): "\(place(context, key)) is missing"
    case .typeMismatch(let type, let context): "\(place(context)) is not \(Self.name(of: type))"
    case .valueNotFound(_, let context): "\(place(context)) has no value"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it is not JSON" : "\(place(context)): \(context.debugDescription)"
    @unknown default: "it can't be decoded"
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Int.Type, is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is [String: Any].Type: "an object"
    case is [Any].Type: "an array"
    default: "of the right type"
    }
  }
}
