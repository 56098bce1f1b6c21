// Policies: the rules between concurrent values of registers, by key prefix, the same in all
// regions.
//
//   store.set_policy("bids/", anabranch::Policy::max());
//
// A policy is stored like a write and travels with the writes. It is in force in a region from the
// moment the region has applied it, also for conflicts that are older, so that regions that have
// applied the same writes show the same values. Of policies set concurrently for one prefix the
// last written counts. The policy with the longest prefix of a key decides alone. It decides where
// Options::resolvers would: types with a rule of their own (flags, remove-wins sets, texts, the
// presence of elements) never ask it, and scores of sorted sets heed kMax and kMin alone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace anabranch {

struct Policy {
  enum class Kind : std::uint8_t {
    kLww,       // Shows the last written: by time, then origin. The rule where there is no policy.
    kSiblings,  // Shows the same; the application reads all siblings (Register::siblings).
    kMax,       // Shows the greatest value, in the order of Resolver::max.
    kMin,       // Shows the least.
    kNative,    // Shows the value that a function of Options::functions returns. Every region must
                // have been given it under the same name: one without it shows the last written,
                // with a warning in its log and in the status of all its peers.
    kRemoved,   // Listed only: the policy was removed, and a shorter prefix decides.
    kUnknown,   // Listed only: of a newer version. Conflicted keys are not shown: Error with
                // kUnsupported.
  };

  Kind kind = Kind::kLww;
  // Each put below the prefix stores the value it replaces (Sibling::base), which is of use to
  // functions that want a common ancestor, and takes room as the value does.
  bool keep_base = false;
  std::string name = {};  // kNative: of the function. kUnknown: the kind, empty if unreadable.
  bool operator==(const Policy&) const = default;

  static Policy lww() { return {.kind = Kind::kLww}; }
  static Policy siblings() { return {.kind = Kind::kSiblings}; }
  static Policy max() { return {.kind = Kind::kMax}; }
  static Policy min() { return {.kind = Kind::kMin}; }
  static Policy native(std::string function) {
    return {.kind = Kind::kNative, .name = std::move(function)};
  }
  // Returns the same policy with keep_base.
  [[nodiscard]] Policy with_base() const {
    Policy policy = *this;
    policy.keep_base = true;
    return policy;
  }
};

// Returns the policy as commands and settings write it: "max", "lww+base", "native:nearest";
// "removed" and "unknown:KIND" where it can only be listed.
[[nodiscard]] std::string to_string(const Policy& policy);

// A policy for the keys of a database, 0 to 15, that begin with a prefix; an empty one for all.
struct PrefixPolicy {
  std::string prefix;
  Policy policy;
  std::uint8_t database = 0;
};

// One row of Store::policies.
struct PolicyAt {
  std::uint8_t database = 0;
  std::string prefix;
  Policy policy;
  std::string region = {};  // The region whose options propose it; empty if it was set.
  bool in_force = false;    // It decides at its prefix.
  std::string note = {};    // Why it does not, or a problem, for people; empty when all is well.
};

}  // namespace anabranch
