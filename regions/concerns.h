// The concerns of writes that prefixes of keys have, and the mesh: ordinary rows of the mesh's own
// space, so that all regions have them.
//
//   [0, "concern", SPACE, PREFIX]   of the keys with this prefix
//   [0, "concern", 0, ""]           of all keys without a nearer one
//
// SPACE is the first component of the paths of a database. Of concurrent values the last written
// counts. The words are those of control/verbs/concern_words.h; here they have no meaning.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"
#include "rows/policy/policy_rows.h"

namespace anabranch::rows {
class RowReader;
}  // namespace anabranch::rows

namespace anabranch::regions {

class LocalWriter;

struct ConcernRow {
  static constexpr std::size_t kInForceMax = 100;      // Of those that this leader sets.
  static constexpr std::size_t kPrefixesMax = 10'000;  // That ever had one: their rows stay.
  static constexpr std::size_t kPrefixBytesMax = 1024;

  std::optional<rows::PolicyScope> keys;  // nullopt: of the mesh.
  std::vector<std::string> words;         // None: it was removed; a shorter prefix decides.
  bool readable = true;                   // Else a newer version has written it.
  bool operator==(const ConcernRow&) const = default;
};

// Returns the path above all rows of concerns, and that of one.
[[nodiscard]] const core::Path& concerns_path();
[[nodiscard]] core::Path concern_path(const std::optional<rows::PolicyScope>& keys);

// Returns [[word: bytes, ...]].
[[nodiscard]] std::string encode_concern(const std::vector<std::string>& words);
// Returns the content of a row; nullopt if the path is that of no concern, or the cell is empty.
[[nodiscard]] std::optional<ConcernRow> read_concern_row(const core::Path& path,
                                                         const crdt::Cell& cell);

// Returns the rows of a state in the order of their paths, those that were removed, too; of more
// than kPrefixesMax the first ones.
[[nodiscard]] std::vector<ConcernRow> concerns_of(const rows::RowReader& rows);

// Stages that keys, or the mesh, have a concern from now on; without words, that they have none.
// Writes nothing if that is so. Fails with kInvalid, kTooLarge or kIo, naming the remedy. Throws
// kReadOnly on a follower.
[[nodiscard]] core::Result<void> set_concern(LocalWriter& writer,
                                             const std::optional<rows::PolicyScope>& keys,
                                             const std::vector<std::string>& words);

}  // namespace anabranch::regions
