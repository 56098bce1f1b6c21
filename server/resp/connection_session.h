// The reads and writes of a connection: every connection is a session, whether it asks for its
// token or not.
//
// A command marks its reads and writes; after the commit of its turn, the loop settles all marks
// with the committed vector. So the vectors cover the connection's own writes, and no write that
// arrived in this region after its last command.
#pragma once

#include <utility>

#include "core/version_vector.h"
#include "leader/seen.h"
#include "rows/published_vector.h"

namespace anabranch::server {

class ConnectionSession {
 public:
  // Marks that a command has read, and perhaps written.
  void mark(bool wrote) {
    settled_ = false;
    wrote_ = wrote_ || wrote;
  }
  [[nodiscard]] bool stamped() const { return settled_; }
  // Settles the marks: all marked reads and writes are in this vector. No effect without marks.
  void stamp(const rows::PublishedVector::Shared& committed) {
    seen_.look(committed);
    if (wrote_) written_ = committed;
    settled_ = true;
    wrote_ = false;
  }
  // Adds the vector of an admitted token.
  void bring(const core::VersionVector& seen) { seen_.bring(seen); }

  // The vector stamped so far.
  [[nodiscard]] core::VersionVector seen() const { return seen_.all(); }
  // Covers the connection's own writes; empty if there are none.
  [[nodiscard]] core::VersionVector written() const {
    return written_ ? *written_ : core::VersionVector();
  }
  // The seq of an origin in that.
  [[nodiscard]] core::Seq written_at(core::Origin origin) const {
    return written_ ? written_->at(origin) : 0;
  }

 private:
  leader::Seen seen_;
  rows::PublishedVector::Shared written_;  // Null before the first write.
  bool settled_ = true;
  bool wrote_ = false;
};

}  // namespace anabranch::server
