// A file that Redis or KeyDB saved (RDB, versions 1 to 12), from its beginning to its checksum.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

#include "core/result.h"
#include "server/cli/import/key_sink.h"
#include "server/cli/import/rdb_bytes.h"

namespace anabranch::server::cli {

// Not thread-safe. `in` must outlive it.
class RdbFile {
 public:
  RdbFile(std::istream& in, std::uint64_t size) : bytes_(in, size) {}

  // Hands all keys to `sink`, and compares the checksum; with a position, goes on from there
  // without comparing it. Types that do not exist here are left out by name. Fails with the offset
  // and the reason as soon as something cannot be; keys before that were handed over.
  core::Result<void> read(KeySink& sink, std::optional<Position> from = {});

 private:
  core::Result<void> read_head();
  // Each reads the part behind an opcode; read_step() returns false at the end of the file.
  core::Result<bool> read_step(KeySink& sink);
  bool read_note(std::uint8_t opcode);
  core::Result<void> read_key(KeySink& sink, std::uint8_t type);
  core::Result<void> read_contents(KeySink& sink, std::uint8_t type);
  core::Result<void> read_plain(KeySink& sink, bool with_values);
  core::Result<void> read_packed(KeySink& sink, std::uint8_t type);
  void check_end();

  RdbBytes bytes_;
  std::uint64_t version_ = 0;
  bool whole_ = true;  // Read from the beginning, so that the checksum counts.
  std::string key_;    // The last one.
  // Of the next key.
  Position position_;
  std::optional<std::int64_t> expires_ms_;
  bool after_note_ = false;  // position_.at is that of a note about it.
};

}  // namespace anabranch::server::cli
