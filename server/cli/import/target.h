// Writes the keys of an import to a running leader, over its Redis port, in batches of bounded
// size. Each batch asks first for those of its keys that are there, then writes the file of
// progress, then the keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "server/cli/client.h"
#include "server/cli/import/key_sink.h"
#include "server/cli/import/progress.h"
#include "server/cli/import/report.h"

namespace anabranch::server::cli {

// The treatment of keys that are at the target before they are imported.
enum class Existing : std::uint8_t { kKeep, kOverwrite };

// Not thread-safe. References must outlive it.
class Target final : public KeySink {
 public:
  Target(Client client, Existing existing, Progress& progress, ProgressLines& lines);

  core::Result<void> boundary(const Position& position) override;
  core::Result<void> begin(KeyHead head) override;
  core::Result<void> item(std::string_view first, std::string_view second) override;
  core::Result<void> end() override;
  void leave_out(const std::string& reason, std::uint32_t database, std::string_view key) override;

  // Writes all that is left.
  core::Result<void> finish();
  [[nodiscard]] const Report& report() const { return report_; }

 private:
  // A key, or a part of a large one.
  struct Piece {
    KeyHead head;
    std::vector<std::string> items;
    bool first = true;
    bool last = false;
    bool clears = false;  // The key is there, and is to be removed before.
  };
  using Answers = std::vector<std::string>;

  core::Result<void> flush();
  // Asks for the keys that are there, and drops the pieces of those that are kept.
  core::Result<void> decide();
  core::Result<void> write();
  // Hands the part of the key that has come over to the batch, and goes on with the next one.
  core::Result<void> cut();
  // Appends a command, with a SELECT before it when the database changes; `key` names it in errors.
  void add(std::uint32_t database, std::vector<std::string> words, const std::string& key);
  core::Result<Answers> send();
  [[nodiscard]] static std::vector<std::string> words_of(const Piece& piece);

  Client client_;
  Existing existing_;
  Progress& progress_;
  ProgressLines& lines_;
  core::SystemClock clock_;
  Report report_;
  std::vector<Piece> batch_;
  std::size_t batch_bytes_ = 0;
  // The key that is being handed over.
  Piece open_;
  std::size_t open_bytes_ = 0;
  bool dropped_ = false;    // Nothing of it is written.
  bool written_ = false;    // A part of it is in the batch or beyond.
  bool keep_rest_ = false;  // Pieces of a kept key that come later are dropped.
  // Commands to be sent together.
  std::string commands_;
  std::vector<std::string> keys_of_commands_;  // Empty for SELECT.
  std::optional<std::uint32_t> selected_;
};

}  // namespace anabranch::server::cli
