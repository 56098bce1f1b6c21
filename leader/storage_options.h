// The options of a leader's storage.
#pragma once

#include <anabranch/options.h>

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "leader/health/footprint.h"
#include "leader/health/lost_log.h"
#include "storage/engine/open_storage.h"

namespace anabranch::leader {

// The words for it, in settings and in the status.
inline constexpr std::array<std::pair<std::string_view, Durability>, 3> kDurabilities{
    {{"sync", Durability::kSync},
     {"interval", Durability::kInterval},
     {"none", Durability::kNone}}};

// Returns how often the storage syncs; nullopt: with each commit.
inline std::optional<std::chrono::milliseconds> sync_interval(Durability durability) {
  if (durability == Durability::kSync) return std::nullopt;
  return std::chrono::milliseconds(durability == Durability::kInterval ? 1'000 : 30'000);
}

// Returns whether commits do not wait for the disk.
inline bool syncs_later(Durability durability) { return sync_interval(durability).has_value(); }

inline storage::StorageOptions storage_options(const Options& options) {
  return {.tables = {.directory = options.path,
                     .map_bytes = options.map_bytes,
                     .reserve_bytes = reserve_bytes(options)},
          .engine = {.overlay_bytes = options.flush_bytes_max,
                     .sync_every = sync_interval(options.durability),
                     .accept_lost_log = [options](const storage::Snapshot& tables) {
                       return accept_lost_log(tables, options);
                     }}};
}

}  // namespace anabranch::leader
