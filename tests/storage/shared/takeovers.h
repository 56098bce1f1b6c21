// Holders that take one log over from each other, each a process that does not know of the others.
// At each operation on the store a test chooses: the holder goes on or another one does, and the
// operation ends well or in another way. In the end a last holder must find all that was
// acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/wal/ticket.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_recovery.h"
#include "tests/storage/shared/actors.h"
#include "tests/storage/shared/choices.h"
#include "tests/storage/shared/memory_objects.h"
#include "tests/storage/wal/log_model.h"

namespace anabranch::storage::test {

struct TakeoverBounds {
  std::size_t holders = 2;
  std::size_t rounds = 1;   // Of the work of each.
  std::size_t changes = 2;  // Of the holder that runs, before it has ended.
  std::size_t faults = 0;   // Operations that do not end as usual.
};

class Takeovers {
 public:
  Takeovers(Choices& choices, const TakeoverBounds& bounds) : choices_(choices), bounds_(bounds) {}
  // Returns the first thing that was wrong; empty: nothing. To be called once.
  std::string run();

  [[nodiscard]] std::size_t operations() const { return operations_; }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_.size(); }
  // Returns how many holders were refused because another one had taken the log.
  [[nodiscard]] std::size_t fenced() const { return fenced_; }

 private:
  // A holder at work, and the commits that its tables have.
  struct Leader {
    std::size_t number = 0;
    Wal* wal = nullptr;
    std::vector<Redone> tables;
  };

  void hold(std::size_t holder);
  // Opens the log, and works as a leader does; returns why it had to stop.
  core::Result<void> lead(std::size_t holder, Files& files);
  core::Result<void> work(Leader& leader);
  core::Result<void> commit(Leader& leader, std::size_t size);
  core::Result<void> flush_and_trim(const Leader& leader);
  Fate turn(bool changes);
  void judge();
  void wrong(const std::string& text) {
    if (wrong_.empty()) wrong_ = text;
  }

  Choices& choices_;
  const TakeoverBounds bounds_;
  Actors actors_;
  MemoryObjects objects_;
  std::size_t changes_ = 0;
  std::size_t faults_ = 0;
  std::size_t operations_ = 0;
  std::size_t fenced_ = 0;
  std::vector<core::Seq> seqs_;
  std::vector<Redone> acknowledged_;
  WalBase base_;                    // How far the checkpoint reaches, and...
  std::vector<Redone> checkpoint_;  // ...what it has.
  std::uint64_t newest_ = 0;        // The highest epoch, and...
  bool newest_went_well_ = true;    // ...whether its holder did all its work.
  std::string wrong_;
};

}  // namespace anabranch::storage::test
