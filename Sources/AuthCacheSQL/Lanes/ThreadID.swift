#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Tells the running thread from every other that runs (pthread_self(3)).
struct ThreadID: Equatable, Sendable {
  private let number: UInt

  static var current: ThreadID {
    #if canImport(Darwin)
    ThreadID(number: UInt(bitPattern: pthread_self()))
    #else
    ThreadID(number: UInt(pthread_self()))
    #endif
  }
}
