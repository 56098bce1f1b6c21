// The reserve: the room that is kept so that removing, trimming and merging go on when the disk is
// nearly full. Below it no data is added: local writes that add are refused, those of other leaders
// wait. A failed commit would close the store for writes instead.
//
// Room inside the storage counts as well, since removing gives back that alone; a quarter of the
// reserve must be free outside, because pages inside may be too scattered or still be read. Each
// byte that is added is stored twice, in the log and in a row, with copies of the pages around.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "storage/storage.h"

namespace anabranch::regions {

class Reserve {
 public:
  static constexpr std::uint64_t kBytesPerByte = 4;

  // A reserve of 0 bytes never runs out. The storage must outlive it.
  Reserve(const storage::Storage& storage, std::uint64_t bytes)
      : storage_(storage), bytes_(bytes) {}

  // Measures the room.
  void look();
  // Returns whether nothing may be added. Ends when a quarter more than the reserve is free.
  [[nodiscard]] bool full() const { return full_; }
  // Returns whether so many bytes may be added.
  [[nodiscard]] bool holds(std::uint64_t bytes) const;
  // Returns whether at least removing is possible: not when others have filled the disk to the
  // brim.
  [[nodiscard]] bool allows_removing() const { return bytes_ == 0 || free() >= bytes_ / 8; }
  // The reason for a refusal, for operators: of writes that add, or at the brim of every write.
  [[nodiscard]] std::string text() const;
  // The change since the last call, for operators; empty when there is none.
  [[nodiscard]] std::string news();

 private:
  [[nodiscard]] std::uint64_t free() const { return room_.outside + room_.inside; }

  const storage::Storage& storage_;
  std::uint64_t bytes_;
  storage::Room room_;
  bool full_ = false;
  // The last state told.
  enum class Told : std::uint8_t { kRoom, kFull, kBrim };
  Told told_ = Told::kRoom;
};

}  // namespace anabranch::regions
