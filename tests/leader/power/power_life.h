// The life of a leader with a real directory, of which the system calls are recorded, and the
// directories that a loss of power leaves after any of them; also as an earlier version leaves one
// that it has opened since: with a hole in its log where the end was that it had lost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <anabranch/options.h>

#include "storage/storage.h"
#include "tests/storage/images/system_calls.h"

namespace anabranch::test {

// The directory of an image, and what its leader had done when the power was lost.
struct PowerCut {
  std::filesystem::path data;
  Durability durability = Durability::kSync;
  int acknowledged = 0;        // Writes 1 to this one were.
  int begun = 0;               // None behind this one had begun.
  storage::Position hole = 0;  // The positions that an earlier version has passed over since.
};

// A life of `eu` beside another region, whose writes it has, too. Write number n puts n at the key
// "last", adds 1 to the counter "count", and puts a value of its own.
class PowerLife {
 public:
  static constexpr const char* kLast = "last";
  static constexpr const char* kCount = "count";

  // Lives in a folder, which keeps nothing of it.
  PowerLife(Durability durability, std::uint64_t seed);

  // Makes an image of the directory, as `folder`/eu, after a random call. With `hole` an earlier
  // version has opened it since.
  PowerCut cut(const std::filesystem::path& folder, bool hole);
  // The token of a session that has seen write number n and none behind it, n from 0.
  [[nodiscard]] const std::string& token(int n) const {
    return tokens_.at(static_cast<std::size_t>(n));
  }

 private:
  void live(const std::filesystem::path& folder);

  const Durability durability_;
  std::mt19937_64 random_;
  std::vector<std::string> tokens_;
  std::vector<storage::test::SystemCall> journal_;
  std::size_t first_ = 0;  // Behind the call with which the leader was open.
};

}  // namespace anabranch::test
