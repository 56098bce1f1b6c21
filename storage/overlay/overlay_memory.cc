#include "storage/overlay/overlay_memory.h"

#include <algorithm>
#include <bit>
#include <new>

namespace anabranch::storage {

namespace {

// A free piece was last used a while ago: the processor fetches it while the one before is filled.
void prefetch(void* piece, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMost = 256;
  char* const end = static_cast<char*>(piece) + std::min(bytes, kMost);
  for (char* at = static_cast<char*>(piece); at < end; at += kLine) __builtin_prefetch(at, 1);
}

}  // namespace

// Defined here for take() and give(): each is called for every change.
inline OverlayMemory::Class OverlayMemory::class_of(std::size_t size) {
  if (size <= kFineMax) {
    const std::size_t number = (size + kGrain - 1) / kGrain;
    return {number, number * kGrain};
  }
  // The quarter of the doubling in which `size` lies, rounded up.
  const auto doubling = static_cast<std::size_t>(std::bit_width(size - 1)) - 1;
  const std::size_t quarter = ((size - 1) >> (doubling - 2)) & 3U;
  constexpr auto kFineDoubling = static_cast<std::size_t>(std::bit_width(kFineMax)) - 1;
  return {kFineMax / kGrain + 1 + (doubling - kFineDoubling) * 4 + quarter,
          (std::size_t{1} << (doubling - 2)) * (5 + quarter)};
}

void* OverlayMemory::take(std::size_t size) {
  if (size == 0) size = 1;
  if (size > kPieceBytesMax) return take_large(size);
  const auto [number, bytes] = class_of(size);
  used_ += bytes;
  if (Free*& first = free_[number]; first != nullptr) {
    Free* const piece = first;
    first = piece->next;
    prefetch(first, bytes);
    return piece;
  }
  if (static_cast<std::size_t>(end_ - begin_) < bytes) {
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunkBytes));
    allocated_ += kChunkBytes;
    begin_ = chunks_.back().get();
    end_ = begin_ + kChunkBytes;
  }
  void* const piece = begin_;
  begin_ += bytes;
  return piece;
}

void* OverlayMemory::take_large(std::size_t size) {
  Large large{std::make_unique_for_overwrite<std::byte[]>(size), size};
  void* const piece = large.bytes.get();
  large_.emplace(piece, std::move(large));
  allocated_ += size;
  used_ += size;
  return piece;
}

void OverlayMemory::give(void* piece, std::size_t size) {
  if (size == 0) size = 1;
  if (size > kPieceBytesMax) {
    allocated_ -= size;
    used_ -= size;
    large_.erase(piece);
    return;
  }
  const auto [number, bytes] = class_of(size);
  used_ -= bytes;
  free_[number] = new (piece) Free{free_[number]};
}

bool OverlayMemory::release(std::size_t most) {
  free_.fill(nullptr);
  begin_ = end_ = nullptr;
  used_ = 0;
  for (; most > 0 && !chunks_.empty(); --most) {
    chunks_.pop_back();
    allocated_ -= kChunkBytes;
  }
  for (; most > 0 && !large_.empty(); --most) {
    allocated_ -= large_.begin()->second.size;
    large_.erase(large_.begin());
  }
  return !chunks_.empty() || !large_.empty();
}

}  // namespace anabranch::storage
