#include "rows/corrections.h"

#include "core/planted_bug.h"
#include "crdt/request_mark.h"

namespace anabranch::rows {

void correct(const RowReader& rows, const PublishedRequests& requests, const core::Path& path,
             crdt::Tally& tally) {
  if (!requests.any() || tally.slots.empty() || core::planted(core::Bug::kCountAllExecutions))
    return;
  core::Int128 sum = 0;
  for (const core::Path& mark : requests.marks_of(path)) {
    sum += crdt::correction(crdt::marked_ops(rows.row(mark).cell), path, tally);
  }
  if (sum == 0) return;
  crdt::Slot& slot = tally.slot(0);
  slot.birth = 1;
  slot.seq = 1;
  slot.total = core::Number::integer(sum);
}

}  // namespace anabranch::rows
