// The concerns that connections have set. Equal ones are one, with a latch: where it degrades, the
// first write whose time is over latches it, and later ones are answered at once, until a write
// was held in time once again. It stays latched without connections, too.
//
// How far a concern is met is found once for all that wait, in each round: a waiting client costs a
// comparison. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/dot.h"
#include "leader/leader.h"
#include "server/resp/concern/terms.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// A write of this leader.
struct WritePlace {
  core::Origin origin = 0;
  core::Seq seq = 0;
};

class Concern {
 public:
  explicit Concern(ConcernTerms terms) : terms_(std::move(terms)), words_(terms_.words()) {}

  [[nodiscard]] const ConcernTerms& terms() const { return terms_; }
  [[nodiscard]] const std::string& words() const { return words_; }
  [[nodiscard]] bool latched() const { return probe_.has_value(); }

 private:
  friend class Concerns;

  // The write that ends the latch if it is held in time.
  struct Probe {
    WritePlace write;
    SteadyTime since;
  };

  const ConcernTerms terms_;
  const std::string words_;
  std::uint64_t round_ = 0;  // Of the reach.
  core::Seq reach_ = 0;
  WritePlace newest_;  // Of its writes.
  std::optional<Probe> probe_;
  std::uint64_t degraded_ = 0;  // Answers since it latched.
};

using SharedConcern = std::shared_ptr<Concern>;

class Concerns {
 public:
  // So many stay latched that no connection has any more.
  static constexpr std::size_t kKeptMax = 64;

  struct Counts {
    std::uint64_t met = 0;       // Answers that were held until their concern was met;
    std::uint64_t missed = 0;    // that became errors;
    std::uint64_t degraded = 0;  // that were sent although it was not.
    std::uint64_t latched = 0;   // How often a concern latched.
  };

  explicit Concerns(leader::Leader& leader) : leader_(leader) {}

  // Returns the concern with these terms. Throws Error{kInvalid} where the members that there are
  // cannot meet it.
  [[nodiscard]] SharedConcern take(ConcernTerms terms);

  // More may have come to others, or have been committed here: a new round. Any time.
  void renew() { ++round_; }
  // The same, and ends latches that are over. The functions below, like this one, need the leader
  // without a commit under way.
  void look();
  // Whether a concern is met for a write.
  [[nodiscard]] bool met(Concern& concern, const WritePlace& write);
  [[nodiscard]] Holding holding_of(const Concern& concern, const WritePlace& write);
  // Notes a write of a concern, before all of these about it.
  void note(Concern& concern, const WritePlace& write) { concern.newest_ = write; }
  void count_met() { ++counts_.met; }
  void count_missed() { ++counts_.missed; }
  // The answer of its newest write is sent without more waiting; latches it.
  void degrade(Concern& concern, const WritePlace& write);

  [[nodiscard]] const Counts& counts() const { return counts_; }
  void reset_counts() { counts_ = {}; }
  // The words of those that are latched.
  [[nodiscard]] std::vector<std::string> latched() const;
  [[nodiscard]] bool any_latched() const { return !latched_.empty(); }

 private:
  [[nodiscard]] const leader::Holders& holders();
  [[nodiscard]] core::Seq reach_of(Concern& concern);
  [[nodiscard]] bool is_over(Concern& concern, SteadyTime now);
  void forget_some();

  leader::Leader& leader_;
  std::map<std::string, std::weak_ptr<Concern>> all_;  // By their words.
  std::vector<SharedConcern> latched_;
  std::uint64_t round_ = 1;
  std::uint64_t looked_round_ = 0;
  const leader::Holders* holders_ = nullptr;  // Of that round.
  Counts counts_;
};

}  // namespace anabranch::server
