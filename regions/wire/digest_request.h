// The questions with which leaders compare their rows: `anabranch verify`. Idempotent like all
// messages: a repeated question gets the same answer, as long as its moment is kept.
//
//   DigestRequest   open a moment; sum or list the rows of a part of it; show some of them
//   DigestResponse  the answer to one request
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

struct DigestRequest {
  static constexpr std::size_t kKeysMax = 100;
  enum class Kind : std::uint8_t {
    kOpen,  // Keep the current rows under the name `moment`, and return their vector.
    kSum,   // The digest of a part.
    kList,  // Each row of a part, as key and digest.
    kShow,  // The rows at `keys`, as text for operators.
  };

  Kind kind = Kind::kOpen;
  std::uint64_t moment = 0;
  std::uint64_t number = 0;            // Repeated in the answer.
  std::string from = {};               // Of a part: the first key...
  std::string until = {};              // ...and the first one behind it; empty for the end.
  std::vector<std::string> keys = {};  // To be shown.
  bool operator==(const DigestRequest&) const = default;
};

// One row, as it is compared. Digest zero: there is no row, or nothing in it counts.
struct RowShare {
  std::string key;
  core::Hash128 digest;
  bool operator==(const RowShare&) const = default;
};

struct DigestResponse {
  std::uint64_t moment = 0;
  std::uint64_t number = 0;
  bool kept = false;                 // False: the moment is over, and the fields below are empty.
  bool comparable = false;           // Opened: no clear is being swept.
  core::VersionVector applied = {};  // Opened: the vector of the rows.
  core::Hash128 digest = {};         // Opened: the kept digest. Sum and list: that of the part.
  std::uint64_t rows = 0;            // The number of rows, likewise.
  std::string next = {};             // Where the part ended; empty at the end of the table.
  std::vector<RowShare> list = {};   // Of a list, and of the rows shown.
  std::vector<std::string> texts = {};  // Of the rows shown.
  bool operator==(const DigestResponse&) const = default;
};

// The bodies of the messages; the readers fail on values that no leader sends.
void write_digest_request(core::Writer& out, const DigestRequest& question);
DigestRequest read_digest_request(core::Reader& in);
void write_digest_response(core::Writer& out, const DigestResponse& answer);
DigestResponse read_digest_response(core::Reader& in);

}  // namespace anabranch::regions
