// Writes lost ops again, as new ones of this leader, in their order. A row
// that nobody has changed since the loss has all that was left then, and was written again before:
// so each op is made anew from the row as it is, and has the effect that it had. All that an op had
// not seen stays, as far as its context tells. A deadline stays that of then.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/op.h"
#include "core/version_vector.h"
#include "leader/scopes/view.h"
#include "regions/open_transaction.h"
#include "regions/replica.h"
#include "regions/state/lost_log.h"

namespace anabranch::leader {

class LostOps {
 public:
  // Within an open transaction; `written` are those written again before. All must outlive this.
  LostOps(regions::Replica& replica, const rows::Resolvers& resolvers,
          regions::OpenTransaction& txn, std::vector<regions::LostLog::Written>& written)
      : replica_(replica), resolvers_(resolvers), txn_(txn), written_(written) {}

  // Stages an op with its former dot, and notes that in `written`. Returns false for one that is
  // left out by its kind: a row of the mesh's own space, or one of a later version. A clear is of
  // one key, or of less.
  bool write(core::Dot was, const core::Op& op);
  // The context of then, under the names of now, for the values of a cell.
  [[nodiscard]] std::optional<core::VersionVector> context(
      const std::optional<core::VersionVector>& then, const crdt::Cell& cell) const;
  // The value of then; a deadline with the values of its key as they are now.
  [[nodiscard]] std::string value_of(const core::Put& put);
  // An op is left out.
  void pass() { wrote_ = false; }
  // Stages the clear of a key, for one of many.
  void clear(core::Dot was, const core::Path& key);

 private:
  struct Writing;
  // The former dot of a value that was written again; nullopt for others, and where it is not
  // known.
  [[nodiscard]] std::optional<core::Dot> former(core::Dot now) const;
  [[nodiscard]] bool is_written_again(core::Dot now) const;
  void note(core::Dot was, core::Seq from);

  regions::Replica& replica_;
  const rows::Resolvers& resolvers_;
  regions::OpenTransaction& txn_;
  std::vector<regions::LostLog::Written>& written_;
  bool wrote_ = false;  // The op before.
};

}  // namespace anabranch::leader
