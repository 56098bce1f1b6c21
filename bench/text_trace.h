// A made trace of one person writing a long text, shaped like the trace that Kleppmann recorded
// while he wrote a paper (automerge-perf, 2018): as many single edits, with as many inserts and as
// many deletes of a character; long runs of typing, corrected at once, and jumps, mostly back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace anabranch::bench {

// One character inserted at a position, or deleted there.
struct TraceEdit {
  std::uint32_t position = 0;
  char inserted = '\0';  // 0: the edit deletes.
};
// The edits that an editor sends at once: the typing of a moment, or the deletion of one selection.
using TraceBurst = std::vector<TraceEdit>;

inline constexpr std::size_t kTraceInserts = 182'315;
inline constexpr std::size_t kTraceDeletes = 77'463;

// Makes bursts with exactly so many inserts and deletes, for a text that is empty at first.
std::vector<TraceBurst> make_trace(std::uint64_t seed, std::size_t inserts, std::size_t deletes);
// Returns the text that the bursts make.
std::string trace_text(const std::vector<TraceBurst>& bursts);

}  // namespace anabranch::bench
