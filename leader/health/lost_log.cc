#include "leader/health/lost_log.h"

#include <string>

#include "core/dot.h"
#include "regions/state/head.h"
#include "storage/layout.h"

namespace anabranch::leader {

core::Result<void> accept_lost_log(const storage::Snapshot& tables, const Options& options) {
  const auto noted = tables.get(storage::Table::kMeta, storage::kIdentityKey);
  if (!noted) return {};  // Killed in its first opening: nothing was acknowledged.
  const auto identity = regions::decode_identity(*noted);
  if (!identity.ok()) return identity.failure();
  const std::string origin = core::to_string(identity.value().origin);
  if (options.accept_lost_log == origin) return {};
  return core::invalid(
      "data directory " + options.path +
      ": its write-ahead log (the folder wal) is gone, or ends before the tables: writes that were "
      "on the disk are missing. Put the folder back, or begin with a backup in another directory; "
      "or go on without what is missing, once, with --accept-lost-log=" +
      origin + " (Options::accept_lost_log)");
}

}  // namespace anabranch::leader
