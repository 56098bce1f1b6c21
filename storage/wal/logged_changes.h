// The changes of one commit in a record of the log: those of its owner (changes.h), with words of
// the engine between them.
//
// Between changes the generations may be switched: the byte 255, the current one, and the next one,
// or 255 (one byte each). And the log may have been trimmed: the byte 254, and the position
// (varint) before which it is removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/changes.h"
#include "storage/generations.h"

namespace anabranch::storage {

// A change, or, without a key: the generations of the tables from here on, or the position before
// which the log is removed.
struct LoggedChange {
  ChangeView change;
  std::optional<Generations> generations;
  std::optional<std::uint64_t> trimmed;
};

// Appends that the changes from here on are those of tables of other generations.
void append_switch(std::string& bytes, const Generations& generations);
// Appends that the records of the log before a position are removed.
void append_trim(std::string& bytes, std::uint64_t position);

// Walks over such bytes, also over foreign ones. Not thread-safe.
class LoggedChanges {
 public:
  explicit LoggedChanges(std::string_view bytes) : rest_(bytes) {}
  // Returns the next change, a view of the bytes; nullopt at the end, and where the bytes are none
  // of a commit.
  std::optional<LoggedChange> next();
  // Returns whether the walk met bytes that are none of a commit.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::optional<LoggedChange> take();

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace anabranch::storage
