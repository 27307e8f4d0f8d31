// swift-tools-version: 6.2
import PackageDescription

// A stranger's package: a backend of its own, verified by the kit from a test target and from an executable.
let package = Package(
  name: "outsider",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-auth-cache", path: "../..")],
  targets: [
    .target(name: "FolderBackend", dependencies: [.product(name: "AuthCache", package: "swift-auth-cache")]),
    .executableTarget(
      name: "conformance",
      dependencies: [
        "FolderBackend",
        .product(name: "AuthCacheCommand", package: "swift-auth-cache"),
        .product(name: "AuthCacheConformance", package: "swift-auth-cache"),
      ]
    ),
    .testTarget(
      name: "FolderBackendTests",
      dependencies: [
        "conformance",
        .product(name: "AuthCacheConformance", package: "swift-auth-cache"),
        .product(name: "AuthCacheTesting", package: "swift-auth-cache"),
      ]
    ),
  ]
)
