// Whether a leader may go on with a directory whose write-ahead log is gone, or ends before the
// tables: only by its operator's word, for this loss alone.
#pragma once

#include <anabranch/options.h>

#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::leader {

// Fails with kInvalid and what to do, unless the options accept the loss of the log of the origin
// that the tables name, or the tables have no leader yet.
core::Result<void> accept_lost_log(const storage::Snapshot& tables, const Options& options);

}  // namespace anabranch::leader
