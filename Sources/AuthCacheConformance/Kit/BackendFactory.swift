public import AuthCache
public import Logging

/// Makes a backend for the kit: its name, how to open it, and what else the kit may do with its store.
///
/// ```swift
/// extension BackendFactory {
///   static let dynamo = BackendFactory("dynamo") { environment in
///     try await DynamoBackend(table: environment.namespace, clock: environment.clock)
///   }
/// }
/// ```
///
/// Opened twice with one environment, a backend that declares `.shared` sees the same records through both handles.
/// What is left out, the kit does not ask for, and the report says so.
public struct BackendFactory: Sendable, Identifiable {
  /// The name in reports and after `--backend`.
  public let name: String
  /// Capabilities that must not get lost. A missing one fails `lifecycle.declaration.pins`.
  public let expecting: Set<Capability>
  /// True if it needs no server, so that it runs when no backend is named.
  public let embedded: Bool
  /// The schemes of the addresses it takes after `--url`; empty if it takes none.
  public let schemes: [String]
  /// Starts a store for one run, for `--ephemeral`; nil if that can't be done.
  public let ephemeral: Ephemeral?

  let make: Make
  let reopen: Make?
  let destroy: Hook?
  let faults: Faults?
  let probe: Probe?
  let server: (@Sendable (BackendEnvironment) async throws -> String)?
  /// What the command line offers for it beside `verify`.
  public let tools: Tools
  /// What the kit puts in front of the backend where a requirement is about a layer.
  var layers = LayerFactories()

  /// Opens a backend: the first time on a fresh store, afterwards another handle on the same one.
  public typealias Make = @Sendable (BackendEnvironment) async throws -> any AuthCacheBackend
  /// Starts a store for one run.
  public typealias Ephemeral = @Sendable () async throws -> EphemeralStore
  /// Does something to the store of an environment.
  public typealias Hook = @Sendable (BackendEnvironment) async throws -> Void
  /// Everything the store holds of the namespace, as it lies there: rows, files, pages.
  public typealias Probe = @Sendable (BackendEnvironment) async throws -> [[UInt8]]

  /// - Parameters:
  ///   - name: The name in reports, lower case.
  ///   - expecting: Capabilities that must not get lost.
  ///   - embedded: True if it needs no server.
  ///   - schemes: The schemes of the addresses it takes after `--url`.
  ///   - ephemeral: Starts a store for one run. An error it throws is shown: one sentence that says what to install.
  ///   - reopen: Opens the same store again after a close or a crash. Leave it out if nothing survives.
  ///   - destroy: Removes the namespace. Called after every check, also a failed one.
  ///   - faults: Hurts the store, and heals it.
  ///   - probe: Looks into the store behind the backend's back.
  ///   - server: Names what answers, with its version: `SQLite 3.40.1`.
  ///   - tools: What the command line can do with this backend besides verifying it.
  ///   - make: Opens the backend in a namespace that nobody else uses.
  public init(
    _ name: String, expecting: Set<Capability> = [], embedded: Bool = true, schemes: [String] = [],
    ephemeral: Ephemeral? = nil, reopen: Make? = nil, destroy: Hook? = nil, faults: Faults? = nil, probe: Probe? = nil,
    server: (@Sendable (BackendEnvironment) async throws -> String)? = nil, tools: Tools = Tools(),
    make: @escaping Make
  ) {
    self.name = name
    self.expecting = expecting
    self.embedded = embedded
    self.schemes = schemes
    self.ephemeral = ephemeral
    self.make = make
    self.reopen = reopen
    self.destroy = destroy
    self.faults = faults
    self.probe = probe
    self.server = server
    self.tools = tools
  }

  public var id: String { name }

  /// How to hurt a store for real, and how to heal it.
  public struct Faults: Sendable {
    /// Makes the store unable to answer, for handles that are open and for new ones.
    public let cut: Hook
    /// Ends what `cut` did.
    public let restore: Hook
    /// Overwrites the payloads that lie in the store with bytes nobody wrote; nil if that can't be done.
    public let corrupt: Hook?

    /// What can be done to the store; see the properties.
    public init(cut: @escaping Hook, restore: @escaping Hook, corrupt: Hook? = nil) {
      self.cut = cut
      self.restore = restore
      self.corrupt = corrupt
    }
  }

  /// What the command line offers for a backend beside `verify`.
  public struct Tools: Sendable {
    /// The schema as SQL, for a table of that name; nil for a backend without one.
    public let schema: (@Sendable (_ table: String?, _ options: Set<SchemaOption>) throws -> String)?
    /// The options that `schema` takes.
    public let schemaOptions: Set<SchemaOption>
    /// What `doctor` looks at.
    public let diagnose: (@Sendable (_ url: String?) async -> [Diagnosis])?
    /// What is wrong with an address of one of the schemes, as the rest of a sentence; nil if nothing is.
    public let wrongWithAddress: (@Sendable (_ url: String) -> String?)?
    /// The raw client library, for `bench` to compare with.
    public let rival: (@Sendable (BackendEnvironment) throws -> any RawClient)?
    /// How fast it is to be beside its raw client.
    public let targets: RawTargets?
    /// The database's own way to tell another connection something, for `bench` to compare with.
    public let notification: (@Sendable (BackendEnvironment) throws -> any RawNotification)?
    /// How often a handle of the factory looks for changes, where it has to look; for `bench` to compare with.
    public let changeInterval: Duration?

    /// Nothing is required; see the properties.
    public init(
      schema: (@Sendable (_ table: String?, _ options: Set<SchemaOption>) throws -> String)? = nil,
      schemaOptions: Set<SchemaOption> = [],
      diagnose: (@Sendable (_ url: String?) async -> [Diagnosis])? = nil,
      wrongWithAddress: (@Sendable (_ url: String) -> String?)? = nil,
      rival: (@Sendable (BackendEnvironment) throws -> any RawClient)? = nil, targets: RawTargets? = nil,
      notification: (@Sendable (BackendEnvironment) throws -> any RawNotification)? = nil,
      changeInterval: Duration? = nil
    ) {
      self.schema = schema
      self.schemaOptions = schemaOptions
      self.diagnose = diagnose
      self.wrongWithAddress = wrongWithAddress
      self.rival = rival
      self.targets = targets
      self.notification = notification
      self.changeInterval = changeInterval
    }
  }

  /// One thing that `doctor` looked at.
  public struct Diagnosis: Sendable, Hashable {
    /// What was looked at.
    public let subject: String
    /// Whether nothing has to be done about it.
    public let isHealthy: Bool
    /// What was found, as a phrase.
    public let found: String
    /// What to do about it, where it is not healthy.
    public let remedy: String?

    /// What was found of one thing; see the properties.
    public init(subject: String, isHealthy: Bool, found: String, remedy: String? = nil) {
      self.subject = subject
      self.isHealthy = isHealthy
      self.found = found
      self.remedy = remedy
    }
  }
}

extension BackendFactory: CustomStringConvertible {
  public var description: String { name }
}

/// Where and how a backend is opened for one check.
public struct BackendEnvironment: Sendable {
  /// Letters, digits and underscores, at most 40, starting with a letter: fit for a table name.
  public let namespace: String
  /// What the backend is to go by wherever it asks what time it is.
  public let clock: any AuthCacheClock
  /// An empty folder of this check's own, removed after it. An absolute path.
  public let directory: String
  /// The address after `--url` or from the environment; nil if none was given.
  public let url: String?
  /// Where the backend is to log.
  public let logger: Logger
  /// The check is about ``InvalidationBackend``: where announcing changes is an option, it is to be on.
  public let announces: Bool

  /// An environment for checks of your own; see the properties.
  public init(
    namespace: String, clock: any AuthCacheClock, directory: String, url: String? = nil,
    logger: Logger = Logger(label: "authcache.conformance"), announces: Bool = false
  ) {
    self.namespace = namespace
    self.clock = clock
    self.directory = directory
    self.url = url
    self.logger = logger
    self.announces = announces
  }

  /// Another namespace, in a folder below this one's.
  func elsewhere(named suffix: String) -> BackendEnvironment {
    BackendEnvironment(
      namespace: namespace + suffix, clock: clock, directory: directory + "/elsewhere", url: url, logger: logger,
      announces: announces)
  }

  func with(announces: Bool) -> BackendEnvironment {
    BackendEnvironment(
      namespace: namespace, clock: clock, directory: directory, url: url, logger: logger, announces: announces)
  }

  func with(clock: any AuthCacheClock) -> BackendEnvironment {
    BackendEnvironment(
      namespace: namespace, clock: clock, directory: directory, url: url, logger: logger, announces: announces)
  }
}

/// The raw client library of a store, doing by hand what the backend does: what `bench` divides by.
///
/// Values vary from write to write: some engines skip a byte-identical overwrite.
public protocol RawClient: Sendable {
  /// Prepares `count` rows under dense integer keys with payloads of `payload` bytes.
  func fill(count: Int, payload: Int) throws
  /// Reads `count` rows, one prepared statement after the other, keys spread over the table.
  func read(count: Int) throws
  /// Writes `count` rows, each in its own durable transaction.
  func write(count: Int) throws
  /// Writes `count` rows in one transaction.
  func writeTogether(count: Int) throws
  /// What the database's own load generator reaches with many clients, where there is one.
  func peak(_ work: RawWork, seconds: Int) throws -> (perSecond: Double, name: String)?
  /// Has the database put in order what was written under `namespace`, as it would by itself in time.
  func settle(_ namespace: String) throws
  /// Gives its connections back.
  func close()
}

extension RawClient {
  public func peak(_ work: RawWork, seconds: Int) throws -> (perSecond: Double, name: String)? { nil }
  public func settle(_ namespace: String) throws {}
}

/// Single rows, read or written durably.
public enum RawWork: Sendable {
  /// Each by its key.
  case reads
  /// Each in a transaction of its own.
  case writes
}

/// Two connections, one of which hears what the other one says, with nothing but the client library in between.
public protocol RawNotification: Sendable {
  /// Says something, and returns when it has been heard.
  func roundTrip() throws
  /// Gives its connections back.
  func close()
}

/// How much faster or slower than its raw client a backend is to be, for `bench` to say whether it is.
public struct RawTargets: Sendable {
  /// The time of a read by one task, against a loop.
  public var readByOne: Double
  /// Reads and durable writes per second by 64 tasks, against a loop or the database's load generator.
  public var readsBy64: Double
  /// The same for durable writes.
  public var writesBy64: Double
  /// Records per second of one bulk write, against the best single statement or transaction.
  public var bulk: Double
  /// How many records that has, and how many there are in all.
  public var bulkCount: Int
  /// How many records there are in all.
  public var rows: Int

  /// Ratios and numbers; see the properties.
  public init(
    readByOne: Double, readsBy64: Double, writesBy64: Double, bulk: Double, bulkCount: Int, rows: Int
  ) {
    self.readByOne = readByOne
    self.readsBy64 = readsBy64
    self.writesBy64 = writesBy64
    self.bulk = bulk
    self.bulkCount = bulkCount
    self.rows = rows
  }
}

/// A backend could not be opened or asked because something outside it is missing.
public struct Blocked: Error, Sendable, CustomStringConvertible {
  /// What is missing, as a sentence.
  public let reason: String
  /// Something is missing: say what.
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}
