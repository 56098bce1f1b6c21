// What a session has seen: what its token said, and what was committed here when it looked last.
// The latter only grows, so the newest one stands for all before.
#pragma once

#include <utility>

#include "core/version_vector.h"
#include "rows/vector_board.h"

namespace anabranch::leader {

class Seen {
 public:
  Seen() = default;
  explicit Seen(core::VersionVector before) : before_(std::move(before)) {}

  // It has looked at what is announced; see Leader::seen.
  void look(rows::VectorBoard::Shared announced) { last_ = std::move(announced); }
  // It has brought along what it saw elsewhere.
  void bring(const core::VersionVector& seen) { before_.join(seen); }

  [[nodiscard]] core::VersionVector all() const {
    core::VersionVector all = before_;
    if (last_) all.join(*last_);
    return all;
  }

 private:
  core::VersionVector before_;
  rows::VectorBoard::Shared last_;  // Null before the first look.
};

}  // namespace anabranch::leader
