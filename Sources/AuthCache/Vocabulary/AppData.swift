/// What an application keeps beside what this package keeps: any Codable value, or named strings.
///
/// ```swift
/// var details = SessionDetails()
/// details.data = try AppData(Profile(name: "Ada", roles: ["admin"]))
/// // later
/// let profile = try session.data.decode(Profile.self)
/// ```
///
/// Named strings need no type: `["role": "admin"]`, read by `data["role"]`. The value is stored as JSON inside the
/// payload, sealed with it, and decoded each time that ``decode(_:)`` is called.
public struct AppData: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  private enum Storage: Hashable {
    case none
    case strings([String: String])
    case json(String)
  }

  private let storage: Storage

  /// Nothing.
  public static let none = AppData(storage: .none)

  private init(storage: Storage) { self.storage = storage }

  /// Named strings. Of two with one name the last counts.
  public init(_ strings: [String: String]) { storage = strings.isEmpty ? .none : .strings(strings) }

  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements) { $1 })
  }

  /// - Throws: `invalidArgument` if `value` can't be encoded as JSON.
  public init(_ value: some Encodable) throws(AuthCacheError) {
    storage = .json(String(decoding: try PayloadCoding.encode(value), as: UTF8.self))
  }

  /// True if nothing is there.
  public var isEmpty: Bool { storage == .none }

  /// The value.
  ///
  /// - Throws: `corrupt` if what is there is no such value; also if nothing is.
  public func decode<Value: Decodable>(_ type: Value.Type) throws(AuthCacheError) -> Value {
    switch storage {
    case .none: throw AuthCacheError(.corrupt, operation: .decode, "there is no application data")
    case .strings(let strings): try PayloadCoding.decode(type, from: PayloadCoding.encode(strings))
    case .json(let json): try PayloadCoding.decode(type, from: [UInt8](json.utf8))
    }
  }

  /// The named string; nil if there is none or the data is of another type.
  public subscript(name: String) -> String? {
    switch storage {
    case .none: nil
    case .strings(let strings): strings[name]
    case .json: (try? decode([String: String].self))?[name]
    }
  }

  // How it stands in a payload.
  var stored: StoredAppData? {
    switch storage {
    case .none: nil
    case .strings(let strings): StoredAppData(strings: strings, json: nil)
    case .json(let json): StoredAppData(strings: nil, json: json)
    }
  }

  init(_ stored: StoredAppData?) {
    if let strings = stored?.strings {
      storage = .strings(strings)
    } else if let json = stored?.json {
      storage = .json(json)
    } else {
      storage = .none
    }
  }
}

struct StoredAppData: Codable {
  var strings: [String: String]?
  var json: String?
}

extension AppData: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { isEmpty ? "AppData(none)" : "AppData(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
