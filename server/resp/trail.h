// What a connection has seen and written: the session that every connection is, whether it asks for
// its token or not.
//
// A command marks what it did; when the commit of its turn is over, the loop settles all marks
// with what is committed then. So the vectors cover the connection's own writes, and nothing that
// came to this region after its last command.
#pragma once

#include <utility>

#include "core/version_vector.h"
#include "leader/seen.h"
#include "rows/vector_board.h"

namespace anabranch::server {

class Trail {
 public:
  // A command has read, and perhaps written.
  void mark(bool wrote) {
    settled_ = false;
    wrote_ = wrote_ || wrote;
  }
  [[nodiscard]] bool settled() const { return settled_; }
  // All that was marked is in this vector. Not for one that is settled.
  void settle(const rows::VectorBoard::Shared& committed) {
    seen_.look(committed);
    if (wrote_) written_ = committed;
    settled_ = true;
    wrote_ = false;
  }
  // A token was let in that names this.
  void bring(const core::VersionVector& seen) { seen_.bring(seen); }

  // What was settled so far.
  [[nodiscard]] core::VersionVector seen() const { return seen_.all(); }
  // Covers its own writes; empty when there are none.
  [[nodiscard]] core::VersionVector written() const {
    return written_ ? *written_ : core::VersionVector();
  }

 private:
  leader::Seen seen_;
  rows::VectorBoard::Shared written_;  // Null before the first write.
  bool settled_ = true;
  bool wrote_ = false;
};

}  // namespace anabranch::server
