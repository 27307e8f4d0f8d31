internal import AuthCache
internal import Foundation
internal import Logging

extension Mutant {
  static let secrecy: [Mutant] = [
    Mutant(
      "error-shows-the-statement", "A conflict repeats the statement with its parameters.",
      boundTo: "secrecy.error.noSecrets", alsoBreaks: ["secrecy.log.noSecrets"]
    ) { call, _, proceed async throws(AuthCacheError) in
      do throws(AuthCacheError) { return try await proceed(call) } catch {
        guard error.code == .conflict, case .store(let record) = call else { throw error }
        throw AuthCacheError(
          .conflict, operation: .store, kind: record.kind, "an alias is taken",
          detail: "INSERT … VALUES ('\(record.kind)', x'\(hexadecimal(record.digest))')")
      }
    },
    .journal(
      "outage-shows-the-statement", "A lost connection is reported with the payload that could not be sent.",
      boundTo: "secrecy.outage.noSecrets"
    ) { call, _, proceed async throws(AuthCacheError) in
      do throws(AuthCacheError) { return try await proceed(call) } catch {
        guard error.code == .unavailable, case .store(let record) = call else { throw error }
        throw AuthCacheError(
          .unavailable, operation: .store, kind: record.kind, "not sent: \(record.payload.bytes.prefix(40))")
      }
    },
    Mutant(
      "backend-prints-its-records", "A backend is printed field by field.", boundTo: "secrecy.description.noSecrets"
    ) { environment in
      Talkative(last: Memo([]))
    },
    Mutant("log-shows-the-digest", "Every lookup is logged with its digest.", boundTo: "secrecy.log.noSecrets") {
      environment in
      let logger = environment.logger
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .load(let lookup) = call {
          logger.trace("load", metadata: ["key": "\(lookup.kind):\(hexadecimal(lookup.digest))"])
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "kinds-are-numbers", "Kinds are stored as numbers that only one version of the code knows.",
      boundTo: "secrecy.store.kindsReadable"
    ) { name in
      BackendFactory(
        journal: name,
        probing: { bytes in
          var text = String(decoding: bytes, as: UTF8.self)
          for (number, kind) in RecordKind.standard.enumerated() {
            text = text.replacing("\"\(kind)\"", with: "\(number)")
          }
          return Array(text.utf8)
        })
    },
    Mutant(
      "payload-taken-for-text", "The payload is taken for text and converted on its way into the store.",
      boundTo: "secrecy.store.payloadAsGiven"
    ) { name in
      BackendFactory(
        journal: name,
        probing: { bytes in
          // Every line's payload, with what is no text replaced.
          bytes.split(separator: UInt8(ascii: "\n")).flatMap { line in
            guard var entry = JournalEntry(line: line) else { return [UInt8]() }
            entry.put = entry.put?.map { record in
              var converted = record
              converted.payload = Data(String(decoding: record.payload, as: UTF8.self).utf8)
              return converted
            }
            return entry.line
          }
        })
    },
  ]

  private static func hexadecimal(_ digest: RecordDigest) -> String {
    digest.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// Remembers the payload of the last record, and shows it to whoever prints the backend.
private struct Talkative: BackendInterceptor, CustomReflectable {
  let last: Memo<[UInt8]>

  var customMirror: Mirror { Mirror(self, children: ["last": last.with { $0.map(Int.init).description }]) }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if case .store(let record) = call { last.with { $0 = record.payload.bytes } }
    return try await proceed(call)
  }
}
