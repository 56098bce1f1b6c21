// Compares this leader's rows with one peer's, row by row: a small state machine driven by answers
// and ticks, a slice of work at each.
//
// Both leaders keep a moment, at best of equal vectors: then a difference is an error, and the rest
// is proven equal. Parts are compared by their digests, and listed where these differ. If writes go
// on and the vectors never meet within kTimeoutMs, rows that differ are only suspects: each must
// be found unchanged on both sides several times, each time after both have applied everything that
// the other had the time before. Writes that are only under way do not pass that test.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/wall_clock.h"
#include "regions/verify/row_snapshot.h"
#include "regions/wire/digest_request.h"
#include "regions/wire/verdict.h"

namespace anabranch::regions {

class Verification {
 public:
  static constexpr core::Millis kTimeoutMs = 10'000;  // For equal vectors, and for sweeps to end.
  static constexpr core::Millis kRetryMs = 200;
  static constexpr core::Millis kAskAgainMs = 1000;
  static constexpr core::Millis kSilentMs = 10'000;
  static constexpr int kRounds = 3;
  static constexpr int kLostMomentsMax = 10;
  static constexpr std::size_t kSuspectsMax = 10'000;
  static constexpr std::size_t kListedMax = 100;

  // Opens a moment of this leader's rows.
  using Open = std::function<RowSnapshot()>;
  // Sends a request to the peer; it may be lost.
  using Ask = std::function<void(const DigestRequest&)>;

  // `moment` names the first moment that the verification opens at the peer; later ones count on.
  Verification(std::string region, std::uint64_t moment, Open rows, Ask peer, core::Millis now);

  void on(const DigestResponse& response, core::Millis now);
  void tick(core::Millis now);
  // The peer is gone.
  void lose();

  [[nodiscard]] bool running() const { return verdict_.state == regions::Verdict::State::kRunning; }
  [[nodiscard]] const regions::Verdict& verdict() const { return verdict_; }

 private:
  using Step = void (Verification::*)(const DigestResponse&, core::Millis);
  // The digests of a row here and there.
  using Pair = std::pair<core::Hash128, core::Hash128>;
  using Mismatches = std::map<std::string, Pair>;

  void ask(DigestRequest request, Step step, core::Millis now);
  void ask_anew(core::Millis now);
  void open(core::Millis now);
  void open_later(core::Millis now);
  void opened(const DigestResponse& response, core::Millis now);
  // Both moments are open: goes on with the suspects when there are any, else with all rows.
  void compare(const DigestResponse& response, core::Millis now);
  void ask_sum(core::Millis now);
  void summed(const DigestResponse& response, core::Millis now);
  void listed(const DigestResponse& response, core::Millis now);
  // A part of the rows has been compared.
  void went_on(const RowSnapshot::Part& here, const RowSnapshot::Part& there, core::Millis now);
  void suspect(const RowSnapshot::Part& here, const RowSnapshot::Part& there);
  // All rows have been compared.
  void walked(core::Millis now);
  // Looks at all suspects once more.
  void look(core::Millis now);
  void ask_shown(core::Millis now);
  void shown(const DigestResponse& response, core::Millis now);
  void looked(core::Millis now);
  void describe(const std::string& key, const RowSnapshot::Shown& here, const std::string& there);
  void finish(regions::Verdict::State state);

  Open open_;
  Ask ask_;
  regions::Verdict verdict_;
  core::Millis deadline_ms_;  // Of waiting for vectors to meet, or to pass each other.
  std::uint64_t moment_;
  std::optional<RowSnapshot> own_;

  // The request that waits for its response.
  DigestRequest request_;
  Step step_ = nullptr;
  core::Millis asked_ms_ = 0;
  core::Millis first_asked_ms_ = 0;
  std::optional<core::Millis> open_ms_;  // The time to open moments again.

  bool exact_ = false;  // The moments are of equal vectors.
  std::pair<core::VersionVector, core::VersionVector>
      before_;  // Vectors here and there, last time.
  core::Hash128 kept_there_;
  core::Hash128 digest_there_;
  std::string from_;
  Mismatches mismatches_;
  Mismatches::const_iterator next_shown_;
  Mismatches still_;
  int rounds_ = 0;
  int lost_moments_ = 0;
};

}  // namespace anabranch::regions
