// The proof that no local writes are staged over the committed rows: every function that changes
// these wants it. LocalWriter gives it; a later group is staged over the rows committed then.
#pragma once

namespace anabranch::regions {

class GroupClosed {
 private:
  friend class LocalWriter;
  GroupClosed() = default;
};

}  // namespace anabranch::regions
