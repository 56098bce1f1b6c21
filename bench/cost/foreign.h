// Batches of one region, and a replica of another region that applies them: the work of a leader on
// a peer's batches, without the link between them. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/replica.h"
#include "regions/wire/message.h"
#include "storage/storage.h"

namespace anabranch::bench {

class ForeignBatches {
 public:
  // Reads the whole log of the closed store in `source`, as messages; makes an empty replica in
  // `target`. This and the functions below throw Error.
  // `conflicts_bytes_max` is the option of that name.
  ForeignBatches(const std::string& source, const std::string& target, std::size_t map_bytes,
                 std::uint64_t conflicts_bytes_max = std::uint64_t{64} << 20U);

  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  // Receives and applies the next `count` batches, each in a commit of its own.
  void apply(std::size_t count);
  // Writes keys at the replica, without having seen the batches that follow.
  void write_here(const std::vector<std::string>& keys);
  // Throws std::runtime_error if any batch has not been applied.
  void check_all_applied() const;

 private:
  void read_log(const std::string& directory, std::size_t map_bytes);
  // Introduces the source, as a peer that has all of its batches.
  void greet();

  std::vector<std::string> messages_;
  std::size_t next_ = 0;
  core::VersionVector applied_;  // By the source.
  core::Origin origin_ = 0;
  core::SystemClock clock_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<regions::Replica> replica_;
};

}  // namespace anabranch::bench
