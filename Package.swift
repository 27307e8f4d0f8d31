// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swift-auth-cache",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "AuthCache", targets: ["AuthCache"]),
    .library(name: "AuthCacheSQLite", targets: ["AuthCacheSQLite"]),
    .library(name: "AuthCachePostgres", targets: ["AuthCachePostgres"]),
    .library(name: "AuthCacheMySQL", targets: ["AuthCacheMySQL"]),
    .library(name: "AuthCacheConformance", targets: ["AuthCacheConformance"]),
    .library(name: "AuthCacheTesting", targets: ["AuthCacheTesting"]),
    .library(name: "AuthCacheCommand", targets: ["AuthCacheCommand"]),
    .library(name: "AuthCacheBundled", targets: ["AuthCacheBundled"]),
    .executable(name: "authcache", targets: ["AuthCacheCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // The waist, the typed vocabulary, the memory store and the upkeep. No C client, no test library.
    .target(
      name: "AuthCache",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),

    // Databases: one engine, one product each.
    .systemLibrary(
      name: "CSQLite",
      providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]
    ),
    .target(
      name: "AuthCacheSQL",
      dependencies: [
        "AuthCache",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]
    ),
    .target(name: "AuthCacheSQLite", dependencies: ["AuthCache", "AuthCacheSQL", "CSQLite"]),

    .systemLibrary(
      name: "CPostgres", pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
    ),
    .target(
      name: "AuthCachePostgres",
      dependencies: [
        "AuthCache", "AuthCacheSQL", "CPostgres",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),

    .systemLibrary(
      name: "CMariaDB", pkgConfig: "libmariadb",
      providers: [.apt(["libmariadb-dev"]), .brew(["mariadb-connector-c"])]
    ),
    .target(
      name: "AuthCacheMySQL",
      dependencies: [
        "AuthCache", "AuthCacheSQL", "CMariaDB",
        .product(name: "Logging", package: "swift-log"),
      ]
    ),

    // The conformance kit: values, no test library; adapters for Swift Testing and for the command line.
    .target(
      name: "AuthCacheConformance",
      dependencies: [
        "AuthCache",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .target(name: "AuthCacheTesting", dependencies: ["AuthCache", "AuthCacheConformance"]),
    .target(
      name: "AuthCacheCommand",
      dependencies: [
        "AuthCache", "AuthCacheConformance", "AuthCacheServers",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .target(
      name: "AuthCacheBundled",
      dependencies: [
        "AuthCache", "AuthCacheSQL", "AuthCacheSQLite", "AuthCachePostgres", "AuthCacheMySQL", "AuthCacheConformance",
        "AuthCacheServers", "CSQLite", "CPostgres", "CMariaDB",
      ]
    ),
    // Throwaway servers from this machine's binaries, and a proxy that hurts their connections. No C client.
    .target(name: "AuthCacheServers", dependencies: ["AuthCacheConformance"]),
    // Not `authcache`: on a file system that folds case the folder would be that of `AuthCache`.
    .executableTarget(
      name: "AuthCacheCLI", dependencies: ["AuthCacheBundled", "AuthCacheCommand", "AuthCacheConformance"]),

    .testTarget(
      name: "AuthCacheTests",
      dependencies: [
        "AuthCache", "AuthCacheConformance", "AuthCacheTesting",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .testTarget(
      name: "AuthCacheSQLiteTests",
      dependencies: [
        "AuthCache", "AuthCacheSQL", "AuthCacheSQLite", "AuthCacheConformance", "CSQLite",
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .testTarget(
      name: "AuthCacheServersTests", dependencies: ["AuthCacheServers", "AuthCacheConformance", "AuthCacheCLI"]),
    .testTarget(
      name: "AuthCacheConformanceTests",
      dependencies: ["AuthCache", "AuthCacheConformance", "AuthCacheTesting", "AuthCacheCLI"]
    ),
    .testTarget(
      name: "AuthCacheCommandTests",
      dependencies: ["AuthCache", "AuthCacheCommand", "AuthCacheConformance", "AuthCacheServers", "AuthCacheCLI"]
    ),
    .testTarget(
      name: "BackendMatrixTests",
      dependencies: [
        "AuthCache", "AuthCacheBundled", "AuthCachePostgres", "AuthCacheMySQL", "AuthCacheServers",
        "AuthCacheConformance", "AuthCacheTesting", "AuthCacheCLI",
      ]
    ),
    .testTarget(
      name: "RealDatabaseTests",
      dependencies: [
        "AuthCache", "AuthCacheSQL", "AuthCacheSQLite", "AuthCachePostgres", "AuthCacheMySQL", "AuthCacheServers",
        "AuthCacheConformance", "AuthCacheBundled", "AuthCacheCLI", "CPostgres", "CMariaDB",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
      ]
    ),
    // What the guides show of several processes, started by UsageTests.
    .executableTarget(
      name: "TwoProcesses", dependencies: ["AuthCache", "AuthCachePostgres"], path: "Examples/TwoProcesses"),
    .testTarget(
      name: "UsageTests",
      dependencies: [
        "AuthCache", "AuthCacheSQLite", "AuthCachePostgres", "AuthCacheServers", "AuthCacheConformance",
        "AuthCacheTesting", "TwoProcesses",
      ]
    ),
  ]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}

// Set by the scripts in ci/: warnings are errors there, and only there.
if Context.environment["AUTHCACHE_STRICT"] == "1" {
  for target in package.targets where target.type != .system {
    target.swiftSettings?.append(.treatAllWarnings(as: .error))
  }
}

// Thread Sanitizer knows POSIX's mutex, and not what the standard library's does on Linux when it has to wait.
if Context.environment["AUTHCACHE_SANITIZE"] == "thread" {
  for target in package.targets where target.type != .system {
    target.swiftSettings?.append(.define("PTHREAD_LOCKS"))
  }
}
