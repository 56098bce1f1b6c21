// The stored state of a leader that gives way, so that it goes on after a crash: a row of meta that
// exists from the beginning of the rejoin to its end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct RejoinState {
  enum class Stage : std::uint8_t {
    kJoining,  // A snapshot is fetched and the own branch written on top of it, beside the rows.
    kLogging,  // The result is in place now. The old log goes, the new one is written.
  };

  Stage stage = Stage::kJoining;
  // Of each forked origin: the seq where the histories part.
  std::map<core::Origin, core::Seq> common;
  std::vector<std::string> sources;  // Regions to take a snapshot from; none: any.
  bool adopt = false;                // Writes of other regions in the branch are taken over.
  bool lost = false;              // This region was declared lost: writes that only it has are new.
  storage::Position log_end = 0;  // Logging: records up to here are of the old log.
  bool operator==(const RejoinState&) const = default;
};

std::string encode_rejoin(const RejoinState& state);
core::Result<RejoinState> decode_rejoin(std::string_view bytes);

}  // namespace anabranch::regions
