internal import AuthCache

extension Mutant {
  /// Mistakes in a store that keeps its indexes by hand.
  static let handwritten: [Mutant] = tokens + memberships + values + ends + listings + batches + steps + namespaces

  private static let tokens: [Mutant] = [
    .index(
      .insertLeavesOldTokens, "An insert leaves the tokens of an expired one.", boundTo: "session.alias.overExpired"),
    .index(.storeLeavesOldTokens, "A store frees the tokens of a live one.", boundTo: "session.alias.overExpired"),
    .index(
      .insertMeetsDeadHolder, "To an insert a token is taken by an expired record.",
      boundTo: "session.alias.expiredHolder", alsoBreaks: ["expiry.sweep.passedToken"]),
    .index(
      .replaceMeetsDeadHolder, "To a replace a token is taken by an expired record.",
      boundTo: "session.alias.expiredHolder"),
    .index(
      .bulkMeetsDeadHolder, "To a bulk store a token is taken by an expired record.",
      boundTo: "session.alias.expiredHolder", alsoBreaks: ["expiry.sweep.passedToken"]),
    .index(.removesTheDeadByToken, "A remove by a token asks for no life.", boundTo: "expiry.instant.alias"),
    .index(
      .bulkTakesTheDeadByToken, "A bulk removal by a token asks for no life.", boundTo: "expiry.instant.bulkRemove"),
    .index(
      .sweepTakesPassedTokens, "The sweep removes the tokens of what it removes, whoever has them by now.",
      boundTo: "expiry.sweep.passedToken"),
    .index(
      .refusedInsertMovesTokens, "An insert writes its tokens before it is known whether it is refused.",
      boundTo: "session.alias.failedInsert", alsoBreaks: [linearizable]),
    .index(
      .insertJudgesTokensFirst, "An insert under a taken id throws where its token is taken too.",
      boundTo: "session.alias.failedInsert", alsoBreaks: [linearizable]),
  ]

  private static let memberships: [Mutant] = [
    .index(.sweepLeavesMembership, "The sweep leaves the index of the groups.", boundTo: "expiry.sweep.aliases"),
    .index(.removeLeavesMembership, "A remove leaves the index of the groups.", boundTo: "group.membership.ends"),
    .index(.consumeLeavesMembership, "A consume leaves the index of the groups.", boundTo: "group.membership.ends"),
    .index(
      .groupLeavesOtherGroups, "The removal of one group leaves the index of the others.",
      boundTo: "group.membership.ends"),
    .index(
      .insertJoinsNoGroup, "An insert leaves out the groups.", boundTo: "group.membership.everyWrite",
      alsoBreaks: ["code.redeem.once", "code.redeem.replayed", "code.redeem.revokedMeanwhile", linearizable]),
    .index(
      .bulkJoinsNoGroup, "A bulk store leaves out the groups.", boundTo: "group.membership.everyWrite",
      alsoBreaks: ["key.group.hostile", "group.removeAll.many"]),
    .index(
      .refusedInsertJoins, "An insert that is refused joins its groups.", boundTo: "group.membership.refusedWrites",
      alsoBreaks: [linearizable]),
    .index(
      .refusedReplaceJoins, "A replace that is refused joins its groups.", boundTo: "group.membership.refusedWrites",
      alsoBreaks: [linearizable]),
    .index(.groupsAsText, "Groups are compared as text that folds case.", boundTo: "key.group.hostile"),
    .index(.groupsCutInHalf, "Of a group half of its bytes are kept.", boundTo: "key.group.hostile"),
  ]

  private static let values: [Mutant] = [
    .index(.replaceKeepsCreation, "A replace leaves the time of creation.", boundTo: "record.replace.matches"),
    .index(
      .replaceNeedsALife, "A replace by what has ended is refused.", boundTo: "expiry.replace.alreadyExpired"),
    .index(.replaceKeepsForEver, "What has no end is never given one.", boundTo: "client.store.never"),
    .index(.consumeNeedsAnEnd, "What has no end can't be consumed.", boundTo: "client.store.never"),
    .index(.insertCutsPayloads, "An insert has a column of 64 KiB.", boundTo: "key.payload.sizes"),
    .index(.replaceCutsPayloads, "A replace has a column of 64 KiB.", boundTo: "key.payload.sizes"),
  ]

  private static let ends: [Mutant] = [
    .index(.zeroIsNever, "An end of zero stands for none.", boundTo: "record.times.beforeEpoch"),
    .index(.endsWithoutSign, "Ends are read without their sign.", boundTo: "record.times.beforeEpoch"),
    .index(.creationWithoutSign, "Times of creation begin in 1970.", boundTo: "record.times.beforeEpoch"),
    .index(.extendEndsIn2038, "Extend has 31 bits for seconds.", boundTo: "expiry.extend.farOff"),
    .index(.extendHasACeiling, "Extend sets a time to live of thirty days at most.", boundTo: "expiry.extend.farOff"),
    .index(.sweepLimitsEachKind, "The sweep's limit goes for each kind.", boundTo: "expiry.sweep.limit"),
    .index(
      .sweepStarves, "The sweep looks at the first rows, expired or not.", boundTo: "expiry.sweep.limit",
      alsoBreaks: ["lifecycle.sweep.drains"]),
    .index(.sweepAddsToItsLimit, "The sweep asks for one row more than its limit.", boundTo: "expiry.sweep.limit"),
  ]

  private static let listings: [Mutant] = [
    .index(.pageCutBeforeTheDead, "Expired records leave holes in a page.", boundTo: "expiry.instant.page"),
    .index(.pageAddsToItsLimit, "A page asks for one row more than its limit.", boundTo: "client.list.pages"),
    .index(
      .listingOfFirstVersions, "A listing shows records as they were first written.", boundTo: "client.list.current"),
    .index(.listingOfEveryVersion, "Each write adds a row to the listing.", boundTo: "client.list.current"),
    .index(.listingKeepsTheConsumed, "A consume leaves the listing as it is.", boundTo: "client.list.current"),
    .index(.listingMissesInserts, "An insert leaves the listing as it is.", boundTo: "client.list.current"),
  ]

  private static let batches: [Mutant] = [
    .index(
      .bulkSkipsTheSuperseded, "Of several records with one id a bulk store judges the last alone.",
      boundTo: "bulk.store.allOrNothing"),
    .index(
      .bulkStoresOneKind, "A bulk store binds one kind.", boundTo: "bulk.kinds.mixed",
      alsoBreaks: ["bulk.size.lastWins"]),
    .index(.bulkLoadsOneKind, "A bulk load binds one kind.", boundTo: "bulk.kinds.mixed"),
    .index(.bulkRemovesOneKind, "A bulk removal binds one kind.", boundTo: "bulk.kinds.mixed"),
  ]

  private static let steps: [Mutant] = [
    .index(
      .insertClearsTheWay, "An insert deletes an expired record by its id, and then writes.",
      boundTo: "record.insert.oneOverExpired"),
    .index(.loadCleansUp, "A load deletes what it found expired by its id.", boundTo: "record.load.sparesAnew"),
    .index(
      .consumeByTokenThenRow, "A consume looks up the token, and then takes the row.", boundTo: "session.alias.oneStep",
      alsoBreaks: [linearizable]),
    .index(
      .removeByTokenThenRow, "A remove looks up the token, and then takes the row.", boundTo: "session.alias.oneStep",
      alsoBreaks: [linearizable]),
    .index(
      .extendByTokenThenRow, "Extend looks up the token, and then changes the row.", boundTo: "session.alias.oneStep",
      alsoBreaks: [linearizable]),
    .index(
      .loadByTokenThenRow, "A load looks up the token, and then reads the row.", boundTo: "session.load.holdsToken",
      alsoBreaks: [linearizable]),
    .index(
      .extendWritesBack, "Extend reads the record and writes it back, if there is one.",
      boundTo: "session.extend.besideReplace", alsoBreaks: ["session.alias.oneStep", linearizable]),
    .index(
      .storeLooksBeforeItWrites, "A store looks whether its token is free, and then writes.",
      boundTo: "session.alias.oneHolder", alsoBreaks: [linearizable]),
    .index(
      .replaceLooksBeforeItWrites, "A replace looks whether its token is free, and then writes.",
      boundTo: "session.alias.oneHolder", alsoBreaks: [linearizable]),
  ]

  private static let namespaces: [Mutant] = [
    .index(.sweepOfEveryNamespace, "The sweep lacks the namespace.", boundTo: "key.namespace.apart"),
    .index(.groupOfEveryNamespace, "The removal of a group lacks the namespace.", boundTo: "key.namespace.apart"),
    .index(.listingOfEveryNamespace, "The listing lacks the namespace.", boundTo: "key.namespace.apart"),
    .index(.tokensOfEveryNamespace, "Tokens are unique in all namespaces together.", boundTo: "key.namespace.apart"),
  ]

  private static func index(
    _ flaw: IndexFlaw, _ mistake: String, boundTo id: String, alsoBreaks: Set<String> = []
  ) -> Mutant {
    Mutant(flaw.rawValue, mistake, boundTo: id, alsoBreaks: alsoBreaks) { name in .indexed(name, flaw) }
  }
}

extension BackendFactory {
  /// A store that keeps its indexes by hand; without a flaw, a sound one.
  static func indexed(_ name: String = "indexed", _ flaw: IndexFlaw? = nil) -> BackendFactory {
    let stores = Memo<[String: [IndexedStore]]>([:])
    @Sendable func key(_ environment: BackendEnvironment) -> String { environment.namespace.replacing("_b", with: "") }
    return BackendFactory(
      name, destroy: { environment in stores.with { _ = $0.removeValue(forKey: key(environment)) } }
    ) {
      environment in
      let key = key(environment)
      let number = stores.with { $0[key]?.count ?? 0 }
      let store = IndexedStore(flaw, clock: environment.clock) {
        stores.with { all in (all[key] ?? []).enumerated().filter { $0.offset != number }.map(\.element) }
      }
      stores.with { $0[key, default: []].append(store) }
      return store
    }
  }
}
