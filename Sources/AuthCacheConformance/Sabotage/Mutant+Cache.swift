internal import AuthCache

extension Mutant {
  /// Each of the flaws of a ``ReferenceCache``.
  static let cache: [Mutant] = [
    .cache(
      .remembersNothing, "Nothing that was read is kept.", boundTo: "cache.read.once",
      alsoBreaks: [
        "cache.count.exact", "cache.time.table", "cache.time.idle", "cache.capacity.bound",
        "cache.capacity.leastRecent", "cache.capacity.leastFrequent", "cache.capacity.freed",
      ]),
    .cache(
      .copiesItsAnswers, "Each hit gets bytes of its own.", boundTo: "cache.read.uncopied"),
    .cache(
      .looksBeforeItKeeps, "What was written is looked for before the cache waits for its turn to keep an answer.",
      boundTo: "cache.schedule.staleFill"),
    .cache(
      .takesTheCancelledForAbsent, "Who is cancelled as the answer comes tells those who wait that there is nothing.",
      boundTo: "cache.schedule.cancelledLeader"),
    .cache(
      .ignoresItsSwitch, "A kind whose policy is switched off is cached all the same.",
      boundTo: "cache.read.disabled"),
    .cache(
      .servesWhatIsUsedOnce, "States, verifiers, codes and spent refresh tokens are cached where a policy names them.",
      boundTo: "cache.read.oneTimeKinds"),
    .cache(
      .servesRefreshTokens, "A lookup by refresh token is answered from memory.",
      boundTo: "cache.read.refreshToken"),
    .cache(
      .mixesUpBulkReads, "A bulk read answers what was cached first, and then what the store found.",
      boundTo: "cache.read.bulk"),
    .cache(
      .keepsTheCorrupt, "That a record could not be decoded is remembered.", boundTo: "cache.read.corrupt",
      alsoBreaks: ["cache.absence.notFromErrors"]),
    .cache(.claimsItsStoresConsistency, "The cache declares what its store does.", boundTo: "cache.properties.mapped"),
    .cache(
      .understatesItsBound, "The cache declares half the staleness that it allows.",
      boundTo: "cache.properties.mapped"),
    .cache(
      .countsHitsTwice, "A hit is counted where it is looked for and where it is answered.",
      boundTo: "cache.count.exact"),
    .cache(
      .countsFollowersAsLoads, "Whoever waits for another's call counts as a load.",
      boundTo: "cache.count.exact"),
    .cache(.countsNoInvalidations, "What writes drop is not counted.", boundTo: "cache.count.exact"),
    .cache(
      .remembersNoMisses, "Only what was found is kept.", boundTo: "cache.absence.remembered",
      alsoBreaks: ["cache.count.exact", "cache.absence.brief", "cache.absence.bounded"]),
    .cache(
      .remembersMissesForEver, "The end of a remembered miss is never looked at.",
      boundTo: "cache.absence.brief",
      alsoBreaks: [
        "cache.properties.mapped", "cache.fill.agesFromAsking", "cache.time.checkedInBulk", "cache.failure.noOldAnswer",
      ]),
    .cache(
      .missesOutliveStores, "Writes drop records and leave remembered misses.",
      boundTo: "cache.absence.forgotten", alsoBreaks: ["cache.failure.everyCall"]),
    .cache(
      .missesOfTokensOutliveStores, "A store ends the remembered miss of its id, and not those of its tokens.",
      boundTo: "cache.absence.forgotten", alsoBreaks: ["cache.failure.everyCall"]),
    .cache(
      .takesErrorsForMisses, "A read that failed is remembered as a miss.",
      boundTo: "cache.absence.notFromErrors",
      alsoBreaks: [
        "cache.read.corrupt", "cache.count.exact", "cache.absence.bounded", "cache.stampede.cancelledLeader",
        "cache.stampede.failedLeader", "cache.failure.everyCall", "cache.failure.recovers",
      ]),
    .cache(
      .hasNoBoundOnMisses, "Every miss is remembered until its time is over, and the count says none.",
      boundTo: "cache.absence.bounded"),
    .cache(
      .extendKeepsTheOld, "`extend` goes past the cache.", boundTo: "cache.write.dropsRecord",
      alsoBreaks: [
        "cache.write.dropsAliases", "cache.write.dropsBefore", "cache.write.dropsAfter", "cache.write.failed",
        "cache.fill.discarded", "cache.fill.notJoined", "cache.failure.everyCall",
      ]),
    .cache(
      .replaceKeepsTheOld, "`replace` goes past the cache.", boundTo: "cache.write.dropsRecord",
      alsoBreaks: [
        "cache.absence.forgotten", "cache.write.dropsAliases", "cache.write.dropsBefore", "cache.write.dropsAfter",
        "cache.write.failed", "cache.fill.discarded", "cache.fill.notJoined", "cache.failure.everyCall",
      ]),
    .cache(
      .dropsOnlyWhatIsNamed, "A write drops what is under the digest that it names, and no other.",
      boundTo: "cache.write.dropsAliases",
      alsoBreaks: [
        "cache.count.exact", "cache.write.dropsBulk", "cache.write.dropsGroup", "cache.write.dropsBefore",
        "cache.write.dropsAfter", "cache.write.failed", "cache.capacity.bound", "cache.capacity.crowd",
        "cache.capacity.leastRecent", "cache.capacity.leastFrequent", "cache.capacity.freed", "cache.failure.everyCall",
        "cache.source.heard",
      ]),
    .cache(
      .dropsOnlyUnderItsId, "A store drops what is cached under its id, and not who had its tokens.",
      boundTo: "cache.write.movesAliases", alsoBreaks: ["cache.absence.forgotten", "cache.failure.everyCall"]),
    .cache(
      .bulkWritesPassIt, "Bulk writes go past the cache.", boundTo: "cache.write.dropsBulk",
      alsoBreaks: [
        "cache.absence.forgotten", "cache.write.dropsRecord", "cache.write.dropsAliases", "cache.write.dropsBefore",
        "cache.write.dropsAfter", "cache.write.failed", "cache.fill.discarded", "cache.fill.absence",
        "cache.fill.notJoined", "cache.failure.everyCall",
      ]),
    .cache(
      .revocationPassesIt, "A group is revoked in the store, and not in the cache.",
      boundTo: "cache.write.dropsGroup",
      alsoBreaks: [
        "cache.write.dropsRecord", "cache.write.dropsBefore", "cache.write.dropsAfter", "cache.write.failed",
        "cache.fill.discarded", "cache.fill.notJoined", "cache.failure.everyCall",
      ]),
    .cache(
      .knowsOneGroupOnly, "Only the groups of subjects are known to the cache.",
      boundTo: "cache.write.dropsGroup"),
    .cache(
      .dropsOnlyAfterwards, "The cache is told of a write when the store has answered.",
      boundTo: "cache.write.dropsBefore"),
    .cache(
      .dropsOnlyBefore, "The cache is told of a write before it is sent, and not again.",
      boundTo: "cache.write.dropsAfter"),
    .cache(
      .dropsOnlyOnSuccess, "Only a write that succeeded drops anything.", boundTo: "cache.write.failed",
      alsoBreaks: ["cache.write.dropsBefore", "cache.failure.everyCall"]),
    .cache(
      .swallowsFailedWrites, "A store that failed is logged, and its caller told that all is well.",
      boundTo: "cache.write.failed", alsoBreaks: ["cache.failure.everyCall", "cache.close.ends"]),
    .cache(
      .consumesFromMemory, "What is remembered is given away by `consume`, without asking who has it.",
      boundTo: "cache.write.decidedBelow", alsoBreaks: ["cache.write.reachesStore"]),
    .cache(
      .insertsByMemory, "`insert` answers false where the record is remembered.",
      boundTo: "cache.write.decidedBelow",
      alsoBreaks: ["cache.write.dropsBefore", "cache.write.failed", "cache.write.reachesStore"]),
    .cache(
      .removesByMemory, "`remove` answers false where a miss is remembered.",
      boundTo: "cache.write.decidedBelow"),
    .cache(
      .leavesOutIdleExtends, "An `extend` that would change nothing of what is remembered is not sent.",
      boundTo: "cache.write.reachesStore"),
    .cache(
      .keepsOldFills, "A read puts its answer into the cache whatever was written meanwhile.",
      boundTo: "cache.fill.discarded",
      alsoBreaks: ["cache.fill.discardedInBulk", "cache.fill.absence", "cache.fill.notJoined", "cache.source.heard"]),
    .cache(
      .keepsFillsOfGrants, "That a grant is revoked does not concern what is being read.",
      boundTo: "cache.fill.discarded"),
    .cache(
      .keepsOldBulkFills, "A bulk read puts its answers into the cache whatever was written meanwhile.",
      boundTo: "cache.fill.discardedInBulk"),
    .cache(
      .keepsOldMisses, "A read remembers its miss whatever was stored meanwhile.", boundTo: "cache.fill.absence",
      alsoBreaks: ["cache.fill.discardedInBulk"]),
    .cache(
      .letsJoinOldCalls, "Whoever misses waits for the call that is under way, whenever it began.",
      boundTo: "cache.fill.notJoined"),
    .cache(
      .agesFromTheAnswer, "The time in the cache starts when the store has answered.",
      boundTo: "cache.fill.agesFromAsking"),
    .cache(
      .letsEveryoneAsk, "Each miss asks for itself.", boundTo: "cache.stampede.oneCall",
      alsoBreaks: ["cache.count.exact"]),
    .cache(
      .sharesCancellation, "When the one who asks is cancelled, so is everybody who waits.",
      boundTo: "cache.stampede.cancelledLeader"),
    .cache(
      .sharesFailure, "When the call of one fails, everybody who waits is told.",
      boundTo: "cache.stampede.failedLeader"),
    .cache(
      .takesFailedBulkReadsForAbsence, "Who waits for a bulk read that fails is told that there is nothing.",
      boundTo: "cache.stampede.failedLeader"),
    .cache(
      .holdsTheCancelled, "Whoever waits for another's call waits to its end, cancelled or not.",
      boundTo: "cache.stampede.cancelledFollower"),
    .cache(
      .asksOneAtATime, "One call of the store is under way at a time.", boundTo: "cache.slow.othersServed",
      alsoBreaks: ["cache.fill.discarded", "cache.fill.absence", "cache.capacity.crowd", "cache.source.heard"]),
    .cache(
      .ignoresSkew, "The skew is a setting that nothing reads.", boundTo: "cache.time.table",
      alsoBreaks: ["cache.time.notPositive"]),
    .cache(
      .countsTheWholeLife, "A record is kept for as long as it lived when it was made.",
      boundTo: "cache.time.table", alsoBreaks: ["cache.time.notPositive"]),
    .cache(
      .servesAtTheEnd, "A record is served at the instant of its end.", boundTo: "cache.time.table",
      alsoBreaks: [
        "cache.fill.agesFromAsking", "cache.time.fixed", "cache.time.idle", "cache.time.checkedInBulk",
        "cache.failure.noOldAnswer", "cache.source.lost",
      ]),
    .cache(.keepsTheEnded, "What has no time left is kept for a second.", boundTo: "cache.time.notPositive"),
    .cache(
      .readsRenew, "A read begins the time in the cache anew.", boundTo: "cache.time.fixed",
      alsoBreaks: ["cache.time.table", "cache.time.idle"]),
    .cache(.idlesFromArrival, "The idle time is counted from when the record came.", boundTo: "cache.time.idle"),
    .cache(.idlesPastItsCap, "A record that is read often enough stays past its cap.", boundTo: "cache.time.idle"),
    .cache(.servesTheEndedInBulk, "A bulk read does not look at the time.", boundTo: "cache.time.checkedInBulk"),
    .cache(
      .outgrowsItsCapacity, "A full cache makes no room.", boundTo: "cache.capacity.bound",
      alsoBreaks: [
        "cache.count.exact", "cache.capacity.crowd", "cache.capacity.leastRecent", "cache.capacity.leastFrequent",
      ]),
    .cache(
      .looksForRoomFirst, "Whether there is room is looked at before the store is asked.",
      boundTo: "cache.capacity.crowd"),
    .cache(
      .evictsTheFirstIn, "What came first leaves first, whatever was read.",
      boundTo: "cache.capacity.leastRecent"),
    .cache(.countsNoReads, "Reads are not counted.", boundTo: "cache.capacity.leastFrequent"),
    .cache(.droppedKeepTheirRoom, "What writes drop is counted as if it were there.", boundTo: "cache.capacity.freed"),
    .cache(.takesZeroForNoBound, "A capacity of zero means no bound.", boundTo: "cache.capacity.none"),
    .cache(
      .repeatsFailedReads, "A read that failed is sent again, and nobody is told.",
      boundTo: "cache.failure.everyCall"),
    .cache(
      .servesTheOldInAnOutage, "When the store can't answer, what was remembered is served once more.",
      boundTo: "cache.failure.noOldAnswer"),
    .cache(
      .leavesFailedCallsStanding, "A call that failed is never taken off, and everybody who comes waits for it.",
      boundTo: "cache.failure.recovers",
      alsoBreaks: [
        "cache.read.corrupt", "cache.absence.notFromErrors", "cache.stampede.cancelledLeader",
        "cache.stampede.failedLeader", "cache.failure.everyCall",
      ]),
    .cache(.hearsOfIdsOnly, "News that name a token are not understood.", boundTo: "cache.source.heard"),
    .cache(.overhearsGaps, "A gap in the news is no news.", boundTo: "cache.source.heard"),
    .cache(
      .keepsWhatCameMeanwhile, "What came while the source was away stays when it is back.",
      boundTo: "cache.source.lost"),
    .cache(
      .overhearsItsSourcesEnd, "When the news end the cache goes on as if there were none.",
      boundTo: "cache.source.lost"),
    .cache(.servesAfterClose, "What was remembered is served after close.", boundTo: "cache.close.ends"),
    .cache(
      .leavesTheStoreOpen, "Close leaves the store open.", boundTo: "cache.close.ends",
      alsoBreaks: ["cache.close.underWay"]),
    .cache(.leavesItsListener, "The task that listens goes on after close.", boundTo: "cache.close.leavesNoTask"),
    .cache(
      .fillsAfterClose, "A read that was under way at close fills the closed cache.",
      boundTo: "cache.close.underWay"),
    .cache(
      .servesRefreshTokensInBulk, "A bulk read answers lookups by refresh token from memory.",
      boundTo: "cache.read.refreshToken"),
    .cache(
      .keysByDigestAlone, "What is kept is found by its digest, whatever its kind and field.",
      boundTo: "cache.read.wholeKey"),
    .cache(
      .joinsByDigestAlone, "Whoever asks for a digest waits for whoever asks for the same, of another kind.",
      boundTo: "cache.read.wholeKey"),
    .cache(
      .usesOnePolicy, "The policy of sessions is that of every kind.",
      boundTo: "cache.policy.perKind"),
    .cache(
      .missesPushOutRecords, "Each miss that is remembered takes the place of a record.",
      boundTo: "cache.absence.bounded"),
    .cache(
      .writesThrough, "A store puts its record into the cache when it returns.",
      boundTo: "cache.write.lastWins"),
    .cache(
      .evictedStayUnderTokens, "What is evicted is taken out under its id, and not under its tokens.",
      boundTo: "cache.capacity.bound"),
    .cache(
      .letsFillsThroughGaps, "A gap drops what is there, and not what is on its way.",
      boundTo: "cache.source.heard"),
  ]

  /// A memory backend whose cache has that flaw.
  private static func cache(
    _ flaw: CacheFlaw, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = []
  ) -> Mutant {
    Mutant(flaw.rawValue, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { name in
      BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
        .layered(by: LayerFactories(cache: { $0.reference(flaw) }))
    }
  }
}

extension BackendFactory {
  /// The memory backend, and a cache that is not the bundled one.
  static let memoryWithItsOwnCache = BackendFactory("memory-own-cache") { environment in
    MemoryBackend(clock: environment.clock)
  }
  .layered(by: LayerFactories(cache: { $0.reference() }))
}
