// The note of a leader's rounds of reading, in the file DIR/scrub.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/scrub/scrub.h"

namespace anabranch::leader {

struct ScrubNote {
  core::Millis begun_ms = 0;     // The newest round; 0: none was begun yet.
  core::Millis finished_ms = 0;  // The end of the last whole one; 0: none.
  std::uint64_t damaged = 0;     // Damaged values that the newest round has met.
  bool under_way = false;        // The newest round goes on at `place`.
  // A slice was begun at `place`: if it is found so at a start, that slice ended the process.
  bool reading = false;
  ScrubPlace place;
  bool operator==(const ScrubNote&) const = default;
};

// Replaces the note of a directory, at once.
core::Result<void> save_scrub_note(const std::string& directory, const ScrubNote& note);
// Returns nullopt if there is none. Fails if it cannot be read.
core::Result<std::optional<ScrubNote>> load_scrub_note(const std::string& directory);

}  // namespace anabranch::leader
