// The judge of presence: of each message that was published, the openings of leaders that have
// heard it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "regions/wire/presence.h"
#include "tests/crdt/random.h"

namespace anabranch::test {

class PresenceLedger {
 public:
  static constexpr std::string_view kChannel = "channel";

  // Notes a new message of an opening of a region's leader, and returns its body.
  std::string publish(const std::string& region, std::uint64_t opening, Random& random);
  // Notes that an opening has heard a message. Returns the error in words; empty when there is
  // none.
  [[nodiscard]] std::string hear(std::uint64_t opening, const regions::Presence& message);
  [[nodiscard]] bool has_heard(std::uint64_t opening, const std::string& body) const {
    return heard_.contains({opening, body});
  }

 private:
  struct Published {
    std::string region;
    std::uint64_t opening = 0;
  };
  std::map<std::string, Published> published_;  // By body: no two are equal.
  std::set<std::pair<std::uint64_t, std::string>> heard_;
};

}  // namespace anabranch::test
