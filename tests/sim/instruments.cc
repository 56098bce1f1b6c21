#include "tests/sim/instruments.h"

#include <algorithm>
#include <array>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::test {

namespace {

using core::Bug;

struct Row {
  Bug bug;
  std::string_view name;
  std::string_view what;
  std::string_view fault = {};
  bool of_followers = false;
  bool of_engine = false;
  bool in_parts = false;
  bool of_promotion = false;
};

// A bug of the storage engine.
constexpr Row of_engine(Bug bug, std::string_view name, std::string_view what) {
  return {.bug = bug, .name = name, .what = what, .of_engine = true};
}

// A bug in the choice of a region's leader.
constexpr Row of_promotion(Bug bug, std::string_view name, std::string_view what,
                           std::string_view fault) {
  return {.bug = bug,
          .name = name,
          .what = what,
          .fault = fault,
          .of_followers = true,
          .of_promotion = true};
}

// A bug that the tests of parts find, and no run of the simulator.
constexpr Row of_parts(Bug bug, std::string_view name, std::string_view what) {
  return {.bug = bug, .name = name, .what = what, .in_parts = true};
}

constexpr std::array kRows{
    Row{Bug::kSkipDeps, "skip-deps", "a batch is applied before what it depends on"},
    Row{Bug::kApplyTwice, "apply-twice", "a foreign batch is taken twice"},
    Row{Bug::kIgnoreBirth, "ignore-birth", "an addition goes on in a frame that has ended"},
    Row{Bug::kResetTooMuch, "reset-much", "a reset rebases more than it had observed"},
    Row{Bug::kResetTooLittle, "reset-little", "a reset forgets the last of the observed slots"},
    Row{Bug::kClearIgnoresContext, "clear-all", "a clear takes cells that it had not seen"},
    Row{Bug::kCollectTooEarly, "collect-early", "dead slots go without a proof that all know"},
    Row{Bug::kRefuseNextWhenFull, "refuse-next", "a full hold-back queue refuses the next batch"},
    Row{Bug::kForgetHlc, "forget-hlc", "a restart forgets the newest timestamp"},
    Row{Bug::kKeepCoveredSiblings, "keep-covered", "a put keeps the siblings that it had seen"},
    Row{Bug::kForgetDepsOfHead, "forget-deps", "a head forgets the deps before the last batch"},
    Row{Bug::kNeverMendStalls, "never-mend", "what got lost is never asked for again"},
    Row{Bug::kContextOfFuture, "own-future", "an op's context has the op's own transaction"},
    Row{Bug::kSkipCount, "skip-count", "counts are not brought up to date from afar"},
    Row{Bug::kForgetToMove, "forget-move", "a member stays in the order where its score was"},
    Row{Bug::kForgetLastRecord, "forget-record", "the last batch of a slice is not logged"},
    Row{Bug::kFollowAnyClock, "any-clock", "a wrong clock drags others along"},
    Row{Bug::kLoseChange, "lose-change", "the last change of a commit is not stored"},
    Row{Bug::kReuseOrigin, "reuse-origin", "a restored directory goes on as the same origin"},
    Row{Bug::kStaleWindow, "stale-window", "a new stream counts what the old one had under way"},
    Row{Bug::kMergeRemoved, "merge-removed", "a merge brings back what was removed here"},
    Row{Bug::kMergeSkipsTail, "merge-tail", "what is written during a merge is left out of it"},
    Row{Bug::kSnapshotWithoutDeps, "snapshot-deps", "a snapshot carries no dependencies"},
    Row{Bug::kForgetToList, "forget-list", "an addition comes to a counter whose clear waits"},
    Row{Bug::kForgetMask, "forget-mask", "a large clear is stored without its mask"},
    Row{Bug::kForgetBranch, "forget-branch", "a side that gives way does not write again", "clone"},
    Row{Bug::kKeepFormerContext, "former-context", "what is written again has its old context",
        "clone"},
    Row{Bug::kForgetUnlogged, "forget-unlogged", "a restart forgets what waits to be logged",
        "clone"},
    Row{Bug::kSettleByApplied, "settle-applied", "origins are settled by what was applied"},
    Row{Bug::kSettleWithoutRetired, "settle-retired", "settling waits for no retired region"},
    Row{Bug::kSettleByOneLeader, "settle-one-leader",
        "settling waits for one of two leaders of a region", "rival", true},
    Row{Bug::kServeByOrigin, "by-origin", "a window that held batches fill is served by origin"},
    Row{Bug::kTrimTooFar, "trim-much", "the log forgets what others lack"},
    Row{Bug::kIgnoreChain, "ignore-chain", "a batch need not continue its chain"},
    Row{Bug::kCallAllDurable, "call-durable", "what is applied is called durable"},
    Row{Bug::kShowUnapplied, "show-unapplied", "an ack shows what is not applied yet"},
    Row{Bug::kIgnoreDigests, "ignore-digests", "digests are not compared"},
    Row{Bug::kBelieveUnsigned, "believe-all", "what is passed on is applied unsigned"},
    Row{Bug::kLeaveUnsigned, "leave-unsigned",
        "the last write of an origin that is left stays unsigned", "doubt"},
    Row{Bug::kForgetEnds, "forget-ends", "a slice is committed without the proofs of its ends"},
    Row{Bug::kSignNothingBeside, "sign-nothing-beside",
        "what is written again is logged without signatures beside it", "clone"},
    Row{Bug::kTrustSnapshots, "trust-snapshot", "the end of a snapshot is not compared"},
    Row{Bug::kExpireAnyValue, "expire-any", "an expiry counts although its value was replaced"},
    Row{Bug::kShortestExpiry, "shortest-expiry", "of several expiries the shortest decides"},
    Row{Bug::kExpireTooEarly, "expire-early", "a key is cleared before all have seen its deadline"},
    Row{Bug::kForgetErasedTooEarly, "forget-erased",
        "removed elements go before all have seen that"},
    Row{Bug::kForgetUndurable, "forget-undurable",
        "removed elements go although disks that sync later lack that", "power"},
    Row{Bug::kRestWhileLeading, "rest-while-leading",
        "who leads goes on under its origin as if it had followed", "power"},
    Row{Bug::kWaitByWallClock, "wait-by-wall", "who is away is waited for by the own wall clock"},
    Row{Bug::kGiveUpWrongClocks, "give-up-wrong", "a region whose clock was off is given up",
        "deadline"},
    Row{Bug::kBelieveBeyondOwn, "believe-ahead",
        "a clock that is ahead is shown, and believed, beyond what holds", "deadline"},
    Row{Bug::kShowTimestamps, "show-timestamps", "timestamps are shown as the clock", "deadline"},
    Row{Bug::kClearAlone, "clear-alone", "a leader whose clock stands alone clears keys",
        "deadline"},
    Row{Bug::kIgnoreJumps, "ignore-jumps", "a leader whose clock has jumped clears keys",
        "deadline"},
    Row{Bug::kCountPresenceAsAbsence, "presence", "who is there is taken for away all the time"},
    Row{Bug::kWriteWhileFollowing, "follower-writes", "a follower takes writes", "", true},
    Row{Bug::kTakeForLeader, "take-for-leader", "a follower is taken for a leader by all others",
        "", true},
    Row{Bug::kForgetOtherLeaders, "forget-leaders", "no log is kept for a leader of one's region",
        "", true},
    Row{Bug::kKeepOriginWhenPromoted, "keep-origin", "who is promoted keeps its origin", "promote",
        true},
    Row{Bug::kForgetMembers, "forget-members",
        "removed elements go before listed members have seen that", "", true},
    Row{Bug::kGoOnWriting, "go-on-writing", "who steps down goes on writing", "handover", true},
    Row{Bug::kRenewWhenPromoted, "renew-promoted", "a listed member begins an origin as it leads",
        "handover", true},
    Row{Bug::kRepeatReign, "repeat-reign", "who is promoted leads under the reign before",
        "handover", true},
    Row{Bug::kKeepRest, "keep-rest", "who is promoted stays at rest", "handover", true},
    Row{Bug::kRestOwing, "rest-owing", "who steps down is at rest before it has written its resets",
        "handover", true},
    of_promotion(Bug::kNeverBlind, "never-blind", "who has heard nobody leads in full", "isolate"),
    of_promotion(Bug::kLeadUnlisted, "lead-unlisted", "a member that no list names leads",
                 "restore,isolate"),
    of_promotion(Bug::kStayBlind, "stay-blind", "a blind leader stays blind for ever",
                 "isolate,kill"),
    of_promotion(Bug::kForgetBlindness, "forget-blindness",
                 "a start goes on in full where the member has led blind", "isolate,kill"),
    of_promotion(Bug::kStartBesideLeader, "start-beside-leader",
                 "a start leads on beside a leader that it hears", "isolate,kill"),
    of_promotion(Bug::kUnfitFollows, "unfit-follows",
                 "a member that has led, and is not fit as it starts, follows", "slow-disk,kill"),
    of_promotion(Bug::kLeadUnstored, "lead-unstored", "who leads shows that before it is stored",
                 "isolate,freeze"),
    of_promotion(Bug::kHastyHandover, "hasty-handover",
                 "the lead goes to a member that lacks writes", "handover,disk,delay"),
    Row{Bug::kTellForksOnce, "tell-forks-once", "where histories part is said only once",
        "clone,unsaid"},
    Row{Bug::kBelieveLog, "believe-log", "a damaged record of the log is sent", "log-rot"},
    Row{Bug::kTakeDamaged, "take-damaged", "a damaged batch is applied", "batch-rot"},
    Row{Bug::kSendWhenBroken, "send-broken", "after a failed commit messages are sent"},
    Row{Bug::kLetAnybodyIn, "any-session", "a region serves sessions that have seen more"},
    Row{Bug::kUnknownAsLww, "unknown-as-lww", "a policy of a newer version shows the last written"},
    Row{Bug::kPolicyOfNewest, "newest-policy", "an older state is read by newer policies"},
    Row{Bug::kForgetPolicies, "forget-policies", "readers do not learn of changed policies"},
    Row{Bug::kForgetPoliciesOnSwap, "forget-swapped",
        "the policies of a merged snapshot are not loaded"},
    Row{Bug::kProposalFirst, "proposal-first", "a proposal counts before a policy that is set"},
    Row{Bug::kShortestPolicy, "shortest-policy", "the policy of the shortest prefix decides"},
    Row{Bug::kReviveProposals, "revive-proposals", "a removed policy revives the proposals"},
    Row{Bug::kBaseOfUnseen, "base-of-unseen", "a put's base is of values that it does not replace"},
    of_parts(Bug::kKeepStaleOrder, "keep-stale", "an order of another rule is taken for whole"),
    of_parts(Bug::kForgetReorder, "forget-reorder", "nothing looks for the orders of old policies"),
    Row{Bug::kForgetMeeting, "forget-meeting", "values that meet by an op are not logged"},
    Row{Bug::kForgetReplaced, "forget-replaced", "values that are replaced unread are not logged"},
    of_parts(Bug::kForgetMerged, "forget-merged", "values that meet by a merge are not logged"),
    Row{Bug::kKeepModuleState, "keep-module-state", "a module finds what its last call has left"},
    Row{Bug::kForgetModules, "forget-modules", "readers do not learn of added modules"},
    Row{Bug::kCountAllExecutions, "count-all", "a request counts as often as it was executed"},
    of_parts(Bug::kServeWhileGivingWay, "serve-joining",
             "two leaders give way to each other at once"),
    of_parts(Bug::kApplyOwnBranch, "own-branch",
             "a leader without the log takes its own branch under another name"),
    of_parts(Bug::kMergeUnclear, "merge-unclear",
             "a snapshot is merged that may be of the other history"),
    of_parts(Bug::kLearnFromAll, "learn-from-all",
             "positions are learned of peers with another history"),
    of_parts(Bug::kHearFormer, "hear-former",
             "messages of a peer's former history are taken for those of its present one"),
    Row{Bug::kForgetSeen, "forget-seen", "a message of presence is heard and passed on again"},
    Row{Bug::kKeepOrphans, "keep-orphans", "rows inside erased elements stay stored"},
    Row{Bug::kShowOrphans, "show-orphans", "rows inside erased elements are shown"},
    of_parts(Bug::kTrustLastSlice, "trust-slice",
             "what a walk has found of an element holds for the next walk"),
    of_parts(Bug::kSuspectOtherLeaders, "suspect-others",
             "a leader takes another one of its region for one that fell back"),
    of_parts(Bug::kNoPatience, "no-patience",
             "a stream that brings batches begins anew again and again"),
    of_parts(Bug::kAckInVain, "ack-in-vain",
             "a peer sends on although all that it can send has no room"),
    of_parts(Bug::kIgnoreDepsHashes, "ignore-deps-hashes",
             "a batch is applied onto another history than the one that it depends on"),
    Row{.bug = Bug::kWriteAtDamage,
        .name = "write-at-damage",
        .what = "a part of a row is written where its value is damaged",
        .fault = "value-rot,cut,isolate,split"},
    Row{.bug = Bug::kForgetOwnLog,
        .name = "forget-own-log",
        .what = "rows that are taken again lack what only the own log has",
        .fault = "value-rot,cut,isolate,split"},
    Row{.bug = Bug::kCountRefused,
        .name = "count-refused",
        .what = "the numbers of a group that was refused are not given again",
        .fault = "refusal"},
    of_parts(Bug::kEndLiving, "end-living",
             "with a member its leader lists the end of an origin that another one writes under"),
    of_parts(Bug::kWaitForGone, "wait-for-gone", "the log is kept for a leader that is gone"),
    of_engine(Bug::kShowUnsynced, "show-unsynced",
              "a commit counts, and may be flushed, before it is on disk"),
    of_engine(Bug::kShowUnderWay, "show-under-way", "readers see a commit that is under way"),
    of_engine(Bug::kStageOverShown, "stage-over-shown",
              "a group that is staged beside a commit does not see it"),
    of_engine(Bug::kShowFailed, "show-failed", "a commit that failed can be read in the log"),
    of_engine(Bug::kNoteReachEarly, "early-reach",
              "a flush notes how far it is before it has written all"),
    of_engine(Bug::kRedoNoRemovals, "redo-no-removals", "an opening redoes no removal"),
    of_engine(Bug::kTrimUnflushed, "trim-unflushed", "the log is trimmed where no flush has come"),
    of_engine(Bug::kForgetFrozen, "forget-frozen",
              "changes that are flushed are not read meanwhile"),
    of_engine(Bug::kForgetReaders, "forget-readers",
              "memory is used again although a reader of an older state sees it"),
    of_engine(Bug::kForgetLog, "forget-log", "a long log begins no flush"),
    Row{.bug = Bug::kForgetLosses,
        .name = "forget-losses",
        .what = "an opening that finds the log damaged does not tell what is missing",
        .fault = "log-flip",
        .of_engine = true},
    Row{.bug = Bug::kEndLossesEarly,
        .name = "end-losses-early",
        .what = "a loss of the log ends with the first batch that comes back",
        .fault = "log-flip",
        .of_engine = true},
};

}  // namespace

std::vector<Plant> plants() {
  std::vector<Plant> plants;
  plants.reserve(kRows.size());
  for (const Row& row : kRows) {
    plants.push_back({row.name, row.what, row.fault, row.of_followers, row.of_engine,
                      row.of_promotion, row.in_parts});
  }
  return plants;
}

bool plant(std::string_view name) {
  core::planted_bug = Bug::kNone;
  if (name.empty()) return true;
  const auto* const found = std::ranges::find(kRows, name, &Row::name);
  if (found == kRows.end()) return false;
  core::planted_bug = found->bug;
  return true;
}

std::vector<Passed> marks() {
  std::vector<Passed> marks;
  for (const core::Mark* each = core::Mark::first; each != nullptr; each = each->next) {
    marks.push_back({each->sentence, each->passed});
  }
  return marks;
}

void add_marks(std::span<const std::uint64_t> times) {
  core::Mark* each = core::Mark::first;
  for (std::size_t i = 0; i < times.size() && each != nullptr; ++i, each = each->next) {
    each->passed += times[i];
  }
}

}  // namespace anabranch::test
