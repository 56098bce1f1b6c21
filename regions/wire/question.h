// What leaders ask each other to compare their rows: `anabranch verify`. Idempotent like all
// messages: a question that is asked again gets the same answer, as long as its moment is kept.
//
//   Question   open a moment; sum or list the rows of a part of it; show some of them
//   Answer     to one question
//
// A part is [from, until) in the order of storage keys, which are the same in every region. An
// answer covers it to `next`, as far as one slice of work goes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct Question {
  static constexpr std::size_t kKeysMax = 100;
  enum class Kind : std::uint8_t {
    kOpen,  // Keep the rows of now, under the name `moment`, and tell of what vector they are.
    kSum,   // The digest of a part.
    kList,  // Each row of a part, by key and digest.
    kShow,  // The rows at `keys`, for people.
  };

  Kind kind = Kind::kOpen;
  std::uint64_t moment = 0;
  std::uint64_t number = 0;            // The answer has the same.
  std::string from = {};               // Of a part: the first key...
  std::string until = {};              // ...and the first one behind it; empty for the end.
  std::vector<std::string> keys = {};  // To be shown.
  bool operator==(const Question&) const = default;
};

// One row, as it is compared. Digest zero: there is none, or nothing in it counts.
struct RowShare {
  std::string key;
  core::Hash128 digest;
  bool operator==(const RowShare&) const = default;
};

struct Answer {
  std::uint64_t moment = 0;
  std::uint64_t number = 0;
  bool kept = false;                    // Otherwise the moment is over, and nothing below is said.
  bool comparable = false;              // Opened: no clear is being swept.
  core::VersionVector applied = {};     // Opened: what the rows are of.
  core::Hash128 digest = {};            // Opened: as it is kept. Sum and list: of the part.
  std::uint64_t rows = 0;               // The same.
  std::string next = {};                // Where the part ended; empty at the end of the table.
  std::vector<RowShare> list = {};      // Of a list, and of what is shown.
  std::vector<std::string> texts = {};  // Of what is shown.
  bool operator==(const Answer&) const = default;
};

// The bodies of the messages; readers fail on what no leader sends.
void write_question(core::Writer& out, const Question& question);
Question read_question(core::Reader& in);
void write_answer(core::Writer& out, const Answer& answer);
Answer read_answer(core::Reader& in);

}  // namespace anabranch::regions
