// The version vector that a session has seen: the one of its token, joined with the vector
// committed here at its last look. The latter only grows, so the newest one replaces all before.
#pragma once

#include <utility>

#include "core/version_vector.h"
#include "rows/published_vector.h"

namespace anabranch::leader {

class Seen {
 public:
  Seen() = default;
  explicit Seen(core::VersionVector before) : before_(std::move(before)) {}

  // Notes that the session has seen the announced state; see Leader::seen.
  void look(rows::PublishedVector::Shared announced) { last_ = std::move(announced); }
  // Adds a vector that the session saw elsewhere.
  void bring(const core::VersionVector& seen) { before_.join(seen); }

  [[nodiscard]] core::VersionVector all() const {
    core::VersionVector all = before_;
    if (last_) all.join(*last_);
    return all;
  }

 private:
  core::VersionVector before_;
  rows::PublishedVector::Shared last_;  // Null before the first look.
};

}  // namespace anabranch::leader
