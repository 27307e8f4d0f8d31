import Foundation
import Testing

@testable import AuthCacheServers

@Suite(.timeLimit(.minutes(1))) struct TestProxyTests {
  /// A server and a proxy before it, both on ports or both on unix sockets.
  private static func pair(unix: Bool) throws -> (server: EchoServer, proxy: TestProxy) {
    func place() -> Endpoint { unix ? .unix("/tmp/authcache-\(UInt32.random(in: .min ... .max))") : .tcp(0) }
    let server = try EchoServer(at: place())
    if case .unix(let path) = server.endpoint { #expect(FileManager.default.fileExists(atPath: path)) }
    return (server, try TestProxy(to: server.endpoint, at: place()))
  }

  private static func remove(_ server: EchoServer) {
    if case .unix(let path) = server.endpoint { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test("what one side sends the other gets, byte for byte, however much it is", arguments: [false, true])
  func transparent(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    for crumbs in [false, true] {
      await proxy.crumble(crumbs)
      for _ in 0..<3 { #expect(caller.repeats((0..<4_000).map { "\($0)," }.joined())) }
    }
    #expect(proxy.accepted == 1)
    #expect(proxy.sent == server.text.utf8.count)
    await proxy.end()
    Self.remove(server)
  }

  @Test("bytes that drip come so long apart", arguments: [false, true])
  func drip(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    await proxy.drip(every: .milliseconds(3))
    let start = ContinuousClock.now
    #expect(caller.repeats("a dozen byte"))
    #expect(ContinuousClock.now - start >= .milliseconds(33))
    await proxy.end()
    Self.remove(server)
  }

  #if canImport(Glibc)
  @Test("crumbs are of one byte")
  func crumbs() throws {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    var flow = ProxyFlow(from: -1, to: ends[0])
    let now = ContinuousClock.now
    flow.add(Array("abc".utf8), due: now)
    var buffer = [UInt8](repeating: 0, count: 10)
    for letter in "abc".utf8 {
      let isWell = flow.pump(drip: .zero, at: now)
      #expect(isWell)
      #expect(recv(ends[1], &buffer, 10, 0) == 1)
      #expect(buffer[0] == letter)
    }
    #expect(flow.isEmpty)
    for end in ends { close(end) }
  }
  #endif

  @Test("bytes arrive in order and not before the delay, each way", arguments: [false, true])
  func delay(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    await proxy.delay(.milliseconds(30))
    let start = ContinuousClock.now
    #expect(caller.repeats("one"))
    #expect(ContinuousClock.now - start >= .milliseconds(60))
    caller.say("first ")
    await proxy.delay(.zero)
    caller.say("second")
    #expect(caller.hears("first second"))
    await proxy.end()
    Self.remove(server)
  }

  @Test("a stalled network delivers nothing, and everything once it goes on", arguments: [false, true])
  func stall(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    #expect(caller.repeats("before"))
    await proxy.stall()
    caller.say("while")
    #expect(caller.hear(within: 40) == .silence)
    let late = try #require(Caller(proxy.endpoint))
    late.say("late")
    #expect(late.hear(within: 40) == .silence)
    #expect(server.text == "before")
    await proxy.resume()
    #expect(caller.hear() == .text("while"))
    #expect(late.hear() == .text("late"))
    await proxy.end()
    Self.remove(server)
  }

  @Test("a reset reaches the client of every connection, and the next connection is well", arguments: [false, true])
  func reset(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let callers = try (0..<10).map { _ in try #require(Caller(proxy.endpoint)) }
    for caller in callers { #expect(caller.repeats("hello")) }
    await proxy.resetAll()
    for caller in callers { #expect(caller.hear() == (unix ? .end : .reset)) }
    #expect(try #require(Caller(proxy.endpoint)).repeats("again"))
    await proxy.end()
    Self.remove(server)
  }

  @Test("who is refused is so at once, who was there stays, and the address is kept", arguments: [false, true])
  func refuse(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    #expect(caller.repeats("one"))
    await proxy.refuse()
    #expect(Caller(proxy.endpoint) == nil)
    #expect(caller.repeats("two"))
    await proxy.accept()
    #expect(try #require(Caller(proxy.endpoint)).repeats("three"))
    await proxy.end()
    #expect(Caller(proxy.endpoint) == nil)
    #expect(caller.hear() == (unix ? .end : .reset))
    Self.remove(server)
  }

  @Test(
    "a cut before the server: it never hears the statement, and other connections live on", arguments: [false, true])
  func cutBefore(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let (caller, other) = (try #require(Caller(proxy.endpoint)), try #require(Caller(proxy.endpoint)))
    #expect(caller.repeats("a") && other.repeats("b"))
    await proxy.cutNextStatement(.beforeServer)
    // What opens a connection is no statement.
    #expect(try #require(Caller(proxy.endpoint)).repeats("c"))
    caller.say("statement")
    #expect(caller.hear() == (unix ? .end : .reset))
    #expect(other.repeats("d"))
    #expect(proxy.cuts == 1)
    #expect(server.text == "abcd")
    await proxy.end()
    Self.remove(server)
  }

  @Test(
    "a cut after the server: it hears and answers the statement, and the client does not", arguments: [false, true])
  func cutAfter(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    #expect(caller.repeats("a"))
    await proxy.cutNextStatement(.afterServer, containing: "COMMIT")
    #expect(caller.repeats("INSERT"))
    caller.say("and COMMIT;")
    #expect(caller.hear() == (unix ? .end : .reset))
    #expect(server.text == "aINSERTand COMMIT;")
    #expect(proxy.cuts == 1)
    await proxy.end()
    Self.remove(server)
  }

  @Test("a server that is not there ends the client's connection")
  func absent() async throws {
    let proxy = try TestProxy(to: .tcp(try Sockets.freePort()), at: .tcp(0))
    // It may be over before the caller has found that it is connected.
    if let caller = Caller(proxy.endpoint) { #expect(caller.hear() == .reset) }
    await proxy.resetAll()
    #expect(proxy.accepted == 1)
    await proxy.end()
    await proxy.resetAll()
  }

  @Test("the end of either side reaches the other", arguments: [false, true])
  func ends(unix: Bool) async throws {
    let (server, proxy) = try Self.pair(unix: unix)
    let caller = try #require(Caller(proxy.endpoint))
    #expect(caller.repeats("last words"))
    caller.withSocket { _ = shutdown($0, Int32(SHUT_WR)) }
    #expect(caller.hear() == .end)
    await proxy.end()
    Self.remove(server)
  }
}
