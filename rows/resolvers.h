// The functions between siblings that the process was given in its options: for the keys below a
// prefix, and by name for native policies (policy/policy.h); and what a leader keeps and tells of
// their answers. Immutable but for that, thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include <anabranch/options.h>

#include "core/hash.h"
#include "rows/hooks/answer_cache.h"
#include "rows/hooks/hook_alarms.h"
#include "rows/hooks/module_pool.h"

namespace anabranch::rows {

class Resolvers {
 public:
  // `functions` are those of native policies; their names must differ. `seed` is a random number,
  // for AnswerCache.
  explicit Resolvers(std::vector<PrefixResolver> resolvers, std::vector<Resolver> functions = {},
                     HookAlarms::Outside outside = {}, std::uint64_t seed = 0);

  // Returns the resolver with the longest matching prefix; `lww` below the empty prefix if none
  // matches. The reference is valid as long as this object.
  [[nodiscard]] const PrefixResolver& find(std::string_view key) const;
  // Returns the function with this name; null if the process was given none. The pointer is valid
  // as long as this object.
  [[nodiscard]] const Resolver* native(std::string_view name) const;

  // Returns a hash of prefixes and names, and of the names of functions. It differs if other values
  // may be shown than before, as far as names tell: a function that now decides differently needs a
  // new name.
  [[nodiscard]] core::Hash128 fingerprint() const;
  // Returns the same without the functions, which decide no scores.
  [[nodiscard]] core::Hash128 score_fingerprint() const;

  // The answers of hooks that are kept, the alarms about hooks, and the modules that are loaded.
  // All are thread-safe.
  [[nodiscard]] AnswerCache& answers() const { return answers_; }
  [[nodiscard]] HookAlarms& alarms() const { return alarms_; }
  [[nodiscard]] ModulePool& modules() const { return modules_; }
  // Counts a conflict that was to be decided by a function the process was not given.
  void count_absent() const { ++absent_; }
  [[nodiscard]] std::uint64_t absent() const { return absent_; }

 private:
  std::vector<PrefixResolver> resolvers_;  // Longest prefix first.
  std::vector<Resolver> functions_;        // By name.
  PrefixResolver lww_{{}, Resolver::lww()};
  mutable AnswerCache answers_;
  mutable HookAlarms alarms_;
  mutable ModulePool modules_;
  mutable std::atomic<std::uint64_t> absent_ = 0;
};

}  // namespace anabranch::rows
