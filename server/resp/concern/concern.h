// A concern that somebody has set: a connection, a user, a prefix of keys or the mesh. Equal ones
// are one, with a latch: where it degrades, the first write whose time is over latches it, and
// later ones are answered at once, until a write was held in time once again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/dot.h"
#include "server/resp/concern/conditions.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// A write of this leader.
struct WritePlace {
  core::Origin origin = 0;
  core::Seq seq = 0;
};

class Concern {
 public:
  explicit Concern(ConcernTerms terms) : terms_(std::move(terms)), text_(terms_.text()) {}

  [[nodiscard]] const ConcernTerms& terms() const { return terms_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool latched() const { return probe_.has_value(); }

 private:
  friend class Concerns;

  // The write that ends the latch if it is held in time.
  struct Probe {
    WritePlace write;
    SteadyTime since;
  };

  const ConcernTerms terms_;
  const std::string text_;
  std::uint64_t round_ = 0;  // Of the reach.
  core::Seq reach_ = 0;
  WritePlace newest_;  // Of its writes.
  std::optional<Probe> probe_;
  std::uint64_t degraded_ = 0;  // Answers since it latched.
};

using SharedConcern = std::shared_ptr<Concern>;

}  // namespace anabranch::server
