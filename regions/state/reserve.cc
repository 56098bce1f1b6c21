#include "regions/state/reserve.h"

#include <utility>

namespace anabranch::regions {

namespace {

std::string mebibytes(std::uint64_t bytes) {
  const std::uint64_t tenths = ((bytes >> 10U) * 10) >> 10U;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

void Reserve::look() {
  if (bytes_ == 0) return;
  const std::uint64_t resumes = bytes_ + bytes_ / 4;
  room_ = storage_.room(resumes);
  full_ = room_.outside < bytes_ / 4 || free() < (full_ ? resumes : bytes_);
}

bool Reserve::holds(std::uint64_t bytes) const {
  if (bytes_ == 0) return true;
  return !full_ && free() / kBytesPerByte >= bytes;
}

std::string Reserve::text() const {
  const std::string room =
      mebibytes(free()) + " are free" +
      (room_.lacks_inodes ? ", since few more files can be made there (df -i)" : "") +
      ", and the reserve is " + mebibytes(bytes_) + " (reserve_bytes)";
  if (!allows_removing()) {
    return "the disk is full to the brim: " + room +
           "; nothing is added or removed until there is more room, since removing needs some, too";
  }
  return "the disk is nearly full: " + room +
         "; nothing is added until there is more room, but removed";
}

std::string Reserve::news() {
  const Told now = !full_ ? Told::kRoom : allows_removing() ? Told::kFull : Told::kBrim;
  if (std::exchange(told_, now) == now) return {};
  return full_ ? text() : "there is room on the disk again: " + mebibytes(free()) + " are free";
}

}  // namespace anabranch::regions
