#include "regions/reserve.h"

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
  return "the disk is nearly full: " + mebibytes(free()) + " are free, and the reserve is " +
         mebibytes(bytes_) +
         " (reserve_bytes); nothing is added until there is more room, but removed";
}

std::string Reserve::news() {
  if (std::exchange(told_full_, full_) == full_) return {};
  return full_ ? text() : "there is room on the disk again: " + mebibytes(free()) + " are free";
}

}  // namespace anabranch::regions
