import AuthCache
import AuthCacheSQL
import Testing

@testable import AuthCacheMySQL

/// What the number and the text of an error mean, where only the text tells.
@Suite struct MySQLErrorTests {
  @Test(
    "no room is told from other reasons, in every language, and whatever the file is called",
    arguments: [
      (3, #"Error writing file './ddl_recovery.log' (Errcode: 28 "No space left on device")"#),
      (3, "Error writing file './a/28.frm' (OS errno 28 - No space left on device)"),
      (1, #"Can't create/write to file '/tmp/#sql-1' (Errcode: 28 "No space left on device")"#),
      (20, #"Disk is full writing './a/x.MYD' (Errcode: 28 "No space left on device"). Waiting for someone"#),
      (1004, #"Kann Datei './a/x.frm' nicht erzeugen (Fehler: 28 "No space left on device")"#),
      (1005, #"Can't create table `a`.`x` (errno: 135 "No more room in record file")"#),
      (1005, "Can't create table 'a.x' (errno: 28 - No space left on device)"),
      (1021, "Disk full (/tmp/#sql); waiting for someone to free some space..."),
      (1026, "写文件'./x-bin.000001'错误（错误号码：28 \"No space left on device\"）"),
      (1030, #"Got error 28 "No space left on device" from storage engine InnoDB"#),
      (1030, "Got error 135 - 'No more room in record file' from storage engine"),
      (1114, "The table 'x' is full"),
    ])
  func noRoom(_ number: Int32, _ text: String) {
    let failure = SQLFailure(mysql: number, text: text)
    #expect(failure.reason == "the disk or the table is full: make room and try again")
    #expect(failure.code == .unavailable)
    #expect(failure.effect == .none)
    #expect(failure.detail == "error \(number)")
  }

  @Test(
    "what only looks like it is left to the server's log",
    arguments: [
      (3, #"Error writing file './a/x 28 "No space" y.frm' (Errcode: 5 "Input/output error")"#),
      (3, "Error writing file './a/x.frm' (Errcode: 128 \"Key has been revoked\")"),
      (1, #"Can't create/write to file './28/x' (Errcode: 13 "Permission denied")"#),
      (1004, #"Can't create file './a/x' (errno: 135 "Unknown error 135")"#),
      (1005, #"Can't create table `a`.`28 "` (errno: 150 "Foreign key constraint is incorrectly formed")"#),
      (1030, #"Got error 168 "Unknown (generic) error from engine" from storage engine InnoDB"#),
      (1030, ""), (1105, #"Unknown error 28 "No space left on device""#),
    ])
  func otherReasons(_ number: Int32, _ text: String) {
    #expect(SQLFailure(mysql: number, text: text).reason == "the server could not do it: look at its log")
  }
}
