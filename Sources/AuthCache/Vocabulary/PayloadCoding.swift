#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Payloads are JSON objects before they are sealed.
enum PayloadCoding {
  static func encode(_ content: some Encodable, of kind: RecordKind? = nil) throws(AuthCacheError) -> [UInt8] {
    do {
      let encoder = JSONEncoder()
      // The same content is the same bytes, in whatever process.
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return [UInt8](try encoder.encode(content))
    } catch {
      throw AuthCacheError(.invalidArgument, operation: .encode, kind: kind, "the value can't be encoded as JSON")
    }
  }

  static func decode<Content: Decodable>(
    _: Content.Type, from bytes: [UInt8], of kind: RecordKind? = nil
  ) throws(AuthCacheError) -> Content {
    do {
      return try JSONDecoder().decode(Content.self, from: Data(bytes))
    } catch {
      // What the decoder says may quote the content.
      throw AuthCacheError(
        .corrupt, operation: .decode, kind: kind, "the content is not what this kind of record holds")
    }
  }
}

extension AuthCacheError.Operation {
  static let encode: AuthCacheError.Operation = "encode"
  static let decode: AuthCacheError.Operation = "decode"
}
