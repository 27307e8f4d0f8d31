/// One way in which a ``ReferenceCache`` is wrong. Each is a mistake that real caches made; the names are those of the
/// mutants.
enum CacheFlaw: String, Sendable, CaseIterable {
  // What is remembered.
  case remembersNothing = "cache-remembers-nothing"
  case ignoresItsSwitch = "cache-ignores-its-switch"
  case servesWhatIsUsedOnce = "cache-serves-what-is-used-once"
  case servesRefreshTokens = "cache-serves-refresh-tokens"
  case servesRefreshTokensInBulk = "cache-serves-refresh-tokens-in-bulk"
  case keysByDigestAlone = "cache-keys-by-digest-alone"
  case joinsByDigestAlone = "cache-joins-by-digest-alone"
  case usesOnePolicy = "cache-uses-one-policy"
  case mixesUpBulkReads = "cache-mixes-up-bulk-reads"
  case keepsTheCorrupt = "cache-keeps-the-corrupt"
  case claimsItsStoresConsistency = "cache-claims-its-stores-consistency"
  case understatesItsBound = "cache-understates-its-bound"
  case countsHitsTwice = "cache-counts-hits-twice"
  case countsFollowersAsLoads = "cache-counts-followers-as-loads"
  case countsNoInvalidations = "cache-counts-no-invalidations"
  case copiesItsAnswers = "cache-copies-its-answers"

  // What is remembered of what is not there.
  case remembersNoMisses = "cache-remembers-no-misses"
  case remembersMissesForEver = "cache-remembers-misses-for-ever"
  case missesOutliveStores = "cache-misses-outlive-stores"
  case missesOfTokensOutliveStores = "cache-misses-of-tokens-outlive-stores"
  case takesErrorsForMisses = "cache-takes-errors-for-misses"
  case missesPushOutRecords = "cache-misses-push-out-records"
  case hasNoBoundOnMisses = "cache-has-no-bound-on-misses"

  // What writes do.
  case extendKeepsTheOld = "cache-extend-keeps-the-old"
  case replaceKeepsTheOld = "cache-replace-keeps-the-old"
  case dropsOnlyWhatIsNamed = "cache-drops-only-what-is-named"
  case dropsOnlyUnderItsId = "cache-drops-only-under-its-id"
  case bulkWritesPassIt = "cache-bulk-writes-pass-it"
  case revocationPassesIt = "cache-revocation-passes-it"
  case knowsOneGroupOnly = "cache-knows-one-group-only"
  case dropsOnlyAfterwards = "cache-drops-only-afterwards"
  case dropsOnlyBefore = "cache-drops-only-before"
  case dropsOnlyOnSuccess = "cache-drops-only-on-success"
  case consumesFromMemory = "cache-consumes-from-memory"
  case insertsByMemory = "cache-inserts-by-memory"
  case removesByMemory = "cache-removes-by-memory"
  case leavesOutIdleExtends = "cache-leaves-out-idle-extends"
  case writesThrough = "cache-writes-through"

  // What reads bring that were under way.
  case keepsOldFills = "cache-keeps-old-fills"
  case keepsOldBulkFills = "cache-keeps-old-bulk-fills"
  case keepsOldMisses = "cache-keeps-old-misses"
  case keepsFillsOfGrants = "cache-keeps-fills-of-grants"
  case letsJoinOldCalls = "cache-lets-join-old-calls"
  case looksBeforeItKeeps = "cache-looks-before-it-keeps"
  case agesFromTheAnswer = "cache-ages-from-the-answer"

  // Many readers.
  case letsEveryoneAsk = "cache-lets-everyone-ask"
  case sharesCancellation = "cache-shares-cancellation"
  case takesTheCancelledForAbsent = "cache-takes-the-cancelled-for-absent"
  case sharesFailure = "cache-shares-failure"
  case takesFailedBulkReadsForAbsence = "cache-takes-failed-bulk-reads-for-absence"
  case holdsTheCancelled = "cache-holds-the-cancelled"
  case asksOneAtATime = "cache-asks-one-at-a-time"

  // Time.
  case ignoresSkew = "cache-ignores-skew"
  case countsTheWholeLife = "cache-counts-the-whole-life"
  case servesAtTheEnd = "cache-serves-at-the-end"
  case keepsTheEnded = "cache-keeps-the-ended"
  case readsRenew = "cache-reads-renew"
  case idlesFromArrival = "cache-idles-from-arrival"
  case idlesPastItsCap = "cache-idles-past-its-cap"
  case servesTheEndedInBulk = "cache-serves-the-ended-in-bulk"

  // Room.
  case evictedStayUnderTokens = "cache-evicted-stay-under-tokens"
  case outgrowsItsCapacity = "cache-outgrows-its-capacity"
  case looksForRoomFirst = "cache-looks-for-room-first"
  case evictsTheFirstIn = "cache-evicts-the-first-in"
  case countsNoReads = "cache-counts-no-reads"
  case droppedKeepTheirRoom = "cache-dropped-keep-their-room"
  case takesZeroForNoBound = "cache-takes-zero-for-no-bound"

  // Failure and the end.
  case swallowsFailedWrites = "cache-swallows-failed-writes"
  case repeatsFailedReads = "cache-repeats-failed-reads"
  case servesTheOldInAnOutage = "cache-serves-the-old-in-an-outage"
  case leavesFailedCallsStanding = "cache-leaves-failed-calls-standing"
  case hearsOfIdsOnly = "cache-hears-of-ids-only"
  case overhearsGaps = "cache-overhears-gaps"
  case letsFillsThroughGaps = "cache-lets-fills-through-gaps"
  case keepsWhatCameMeanwhile = "cache-does-not-flush-on-resubscription"
  case overhearsItsSourcesEnd = "cache-overhears-its-sources-end"
  case servesAfterClose = "cache-serves-after-close"
  case leavesTheStoreOpen = "cache-leaves-the-store-open"
  case leavesItsListener = "cache-leaves-its-listener"
  case fillsAfterClose = "cache-fills-after-close"
}
