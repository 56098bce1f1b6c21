// What a leader that is hardly used writes: SETs at a fixed pace, for a day of virtual time, on
// real files.
//
//   idle_day FOLDER [SECONDS BETWEEN TWO SETS] [KEYS]
//
// Prints the bytes that the process has written on that day (`wchar` in /proc), and the flushes.
// Time passes in ticks of half a second, as those of a leader; the disk is synced for real.

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <anabranch/options.h>

#include "core/wall_clock.h"
#include "regions/open_transaction.h"
#include "regions/replica.h"
#include "storage/engine/open_storage.h"
#include "storage/whole_storage.h"

namespace anabranch::bench {
namespace {

constexpr core::Millis kTickMs = 500;
constexpr core::Millis kDayMs = core::Millis{24} * 3600 * 1000;
constexpr std::uint64_t kPerGroup = 1'000;

std::uint64_t written_bytes() {
  std::ifstream io("/proc/self/io");
  std::string name;
  for (std::uint64_t value = 0; io >> name >> value;) {
    if (name == "wchar:") return value;
  }
  return 0;
}

// A lone region on a directory, with a clock that is moved by hand.
class QuietLeader {
 public:
  explicit QuietLeader(const std::string& folder)
      : storage_(storage::open_storage({.tables = {.directory = folder}}).value_or_raise()),
        replica_(regions::Replica::open(*storage_, clock_,
                                        {.mesh = {1, 1},
                                         .region = "eu",
                                         .fresh_origin = 1,
                                         .nonce = 1,
                                         .limits = {.reserve_bytes = Options().reserve_bytes}})
                     .value_or_raise()) {}

  void set(std::uint64_t key) {
    const std::string digits = std::to_string(key);
    const std::string name = "key:" + std::string(12 - digits.size(), '0') + digits;
    regions::OpenTransaction transaction = replica_->begin();
    transaction.group().put({"\1", name, "s"}, std::string(100, 'v'));
    transaction.keep();
  }
  void commit() { (void)replica_->commit().value_or_raise(); }
  void fill(std::uint64_t keys) {
    for (std::uint64_t key = 0; key < keys; ++key) {
      set(key);
      if (key % kPerGroup == kPerGroup - 1) commit();
    }
    commit();
  }
  // Lets time pass as a leader does.
  void pass(core::Millis duration) {
    for (const core::Millis end = now_ + duration; now_ < end;) {
      clock_.set(now_ += kTickMs);
      replica_->durable(storage_->durable_position(), now_);
      replica_->tick(now_);
      replica_->effects().clear();
    }
    while (storage_->engine()->flushing) std::this_thread::yield();
  }
  [[nodiscard]] std::uint64_t flushes() const { return storage_->engine()->flushes; }

 private:
  core::ManualClock clock_{1'000};
  core::Millis now_ = 1'000;
  std::unique_ptr<storage::WholeStorage> storage_;
  std::unique_ptr<regions::Replica> replica_;
};

int run(const std::string& folder, core::Millis pace_ms, std::uint64_t keys) {
  QuietLeader leader(folder);
  leader.fill(keys);
  leader.pass(core::Millis{3} * 3600 * 1000);
  const std::uint64_t begin = written_bytes();
  const std::uint64_t flushes = leader.flushes();
  std::mt19937_64 random(1);
  std::uint64_t sets = 0;
  for (core::Millis at = 0; at < kDayMs; at += pace_ms) {
    leader.set(random() % keys);
    leader.commit();
    ++sets;
    leader.pass(pace_ms);
  }
  const std::uint64_t written = written_bytes() - begin;
  std::cout << sets << " SETs in a day: " << leader.flushes() - flushes << " flushes, " << written
            << " bytes written, " << written / sets << " for each\n";
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: idle_day FOLDER [SECONDS BETWEEN TWO SETS] [KEYS]\n";
    return EXIT_FAILURE;
  }
  const long pace = argc > 2 ? std::atol(argv[2]) : 60;
  const long keys = argc > 3 ? std::atol(argv[3]) : 100'000;
  return anabranch::bench::run(argv[1], pace * 1000, static_cast<std::uint64_t>(keys));
} catch (const std::exception& error) {
  std::cerr << "idle_day: " << error.what() << '\n';
  return EXIT_FAILURE;
}
