// The correction of a sum: what the executions of requests beyond the first have added to it.
#pragma once

#include "core/path.h"
#include "crdt/row.h"
#include "rows/requests/published_requests.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// Adds the correction to a tally of the reader's row at `path`, as a slot of origin 0, which names
// no leader; nothing if it is 0. Costs one look if no sum has a correction. Throws Error{kCorrupt}.
void correct(const RowReader& rows, const PublishedRequests& requests, const core::Path& path,
             crdt::Tally& tally);

}  // namespace anabranch::rows
