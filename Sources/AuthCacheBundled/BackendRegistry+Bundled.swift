public import AuthCacheConformance

extension BackendRegistry {
  /// Every backend of this package.
  public static let bundled = BackendRegistry(
    [.memory, .sqlite, .mysql, .postgres],
    unlisted: [.mysqlLocked, .sqlite.announcing, .mysql.announcing, .postgres.announcing])
}
