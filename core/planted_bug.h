// Bugs that are planted on purpose, to prove that the simulator finds their like. Each is one name
// here and one condition where it strikes:
//
//   if (planted(Bug::kSkipDeps) || applied.includes(deps)) ...
//
// In every build but that of the simulator (ANABRANCH_PLANTED_BUGS) planted() is constant, and
// nothing of it is left in the code. Plants stand in .cc files only, so that one program never
// holds two versions of a function. tests/sim/instruments.cc says in words what each does.
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
};

#ifdef ANABRANCH_PLANTED_BUGS
inline Bug planted_bug = Bug::kNone;  // At most one at a time.
[[nodiscard]] inline bool planted(Bug bug) { return planted_bug == bug; }
#else
[[nodiscard]] constexpr bool planted(Bug /*bug*/) { return false; }
#endif

}  // namespace anabranch::core
