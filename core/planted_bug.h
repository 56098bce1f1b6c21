// Bugs planted on purpose, to prove that the simulator finds such bugs. Each is one name here and
// one condition in the code that it breaks:
//
//   if (planted(Bug::kSkipDeps) || applied.includes(deps)) ...
//
// Without ANABRANCH_PLANTED_BUGS, as in the product, planted() is constant and makes no code; the
// simulator and sanitizer trees define it. Bugs are planted in .cc files only: no program holds two
// versions of a function. tests/sim/instruments.cc describes each bug in words.
#pragma once

#include <cstdint>

namespace anabranch::core {

enum class Bug : std::uint8_t {
  kNone,
  kSkipDeps,
  kApplyTwice,
  kIgnoreBirth,
  kResetTooMuch,
  kResetTooLittle,
  kClearIgnoresContext,
  kCollectTooEarly,
  kRefuseNextWhenFull,
  kForgetHlc,
  kKeepCoveredSiblings,
  kForgetDepsOfHead,
  kNeverMendStalls,
  kContextOfFuture,
  kSkipCount,
  kForgetToMove,
  kForgetLastRecord,
  kFollowAnyClock,
  kLoseChange,
  kReuseOrigin,
  kStaleWindow,
  kSendWhenBroken,
  kLetAnybodyIn,
  kMergeRemoved,
  kMergeSkipsTail,
  kSnapshotWithoutDeps,
  kForgetToList,
  kForgetMask,
  kForgetBranch,
  kKeepFormerContext,
  kForgetUnlogged,
  kSettleByApplied,
  kSettleWithoutRetired,
  kSettleByOneLeader,
  kServeByOrigin,
  kTrimTooFar,
  kIgnoreChain,
  kCallAllDurable,
  kShowUnapplied,
  kIgnoreDigests,
  kBelieveUnsigned,
  kLeaveUnsigned,
  kForgetEnds,
  kTrustSnapshots,
  kExpireAnyValue,
  kShortestExpiry,
  kExpireTooEarly,
  kWaitByWallClock,
  kCountPresenceAsAbsence,
  kWriteWhileFollowing,
  kTakeForLeader,
  kForgetOtherLeaders,
  kKeepOriginWhenPromoted,
  kForgetErasedTooEarly,
  kTellForksOnce,
  kBelieveLog,
  kTakeDamaged,
  kGiveUpWrongClocks,
  kBelieveBeyondOwn,
  kShowTimestamps,
  kClearAlone,
  kIgnoreJumps,
  kUnknownAsLww,
  kPolicyOfNewest,
  kForgetPolicies,
  kForgetPoliciesOnSwap,
  kProposalFirst,
  kShortestPolicy,
  kReviveProposals,
  kBaseOfUnseen,
  kKeepStaleOrder,
  kForgetReorder,
  kForgetMeeting,
  kForgetReplaced,
  kForgetMerged,
  kServeWhileGivingWay,
  kApplyOwnBranch,
  kMergeUnclear,
  kLearnFromAll,
  kHearFormer,
  kKeepModuleState,
  kForgetModules,
  kCountAllExecutions,
  kForgetSeen,
  kKeepOrphans,
  kShowOrphans,
  kTrustLastSlice,
  kSuspectOtherLeaders,
  kNoPatience,
  kAckInVain,
  kIgnoreDepsHashes,
  kWriteAtDamage,
  kForgetOwnLog,
  // Of the write-ahead log: tests/storage/wal/plants_main.cc describes and finds them.
  kSkipOpeningSync,
  kCutDamage,
  kAppendToOldSegment,
  kTrustTail,
  kIgnoreShortLog,
  kKeepUnjoined,
  kRollWithoutSync,
  kWriteBeforeName,
  // Of the engine above it; found there, too.
  kReuseGeneration,
  kKeepNextTables,
  kNoteFormerGenerations,
  kFlushUnsynced,
  // Of the storage engine, or found with it alone.
  kShowUnsynced,
  kShowUnderWay,
  kStageOverShown,
  kShowFailed,
  kNoteReachEarly,
  kRedoNoRemovals,
  kTrimUnflushed,
  kForgetFrozen,
  kForgetReaders,
  kForgetLog,
};

#ifdef ANABRANCH_PLANTED_BUGS
inline Bug planted_bug = Bug::kNone;  // At most one at a time.
[[nodiscard]] inline bool planted(Bug bug) { return planted_bug == bug; }
#else
[[nodiscard]] constexpr bool planted(Bug /*bug*/) { return false; }
#endif

}  // namespace anabranch::core
