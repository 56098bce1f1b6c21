// The memory of one overlay: pieces of some sizes, cut from chunks. A piece that is given back is
// used again for one of its size; chunks are freed all at once, when the overlay is flushed and no
// reader has it any more, and then in slices.
//
// Source: segregated free lists, as in P. R. Wilson et al., "Dynamic storage allocation: a survey
// and critical review" (1995). For one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace anabranch::storage {

class OverlayMemory {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10U;
  // Larger pieces are allocated one by one.
  static constexpr std::size_t kPieceBytesMax = std::size_t{16} << 10U;

  OverlayMemory() = default;
  OverlayMemory(const OverlayMemory&) = delete;
  OverlayMemory& operator=(const OverlayMemory&) = delete;

  // Returns a piece of at least `size` bytes, aligned for any type. Throws std::bad_alloc.
  void* take(std::size_t size);
  // Takes a piece of `size` bytes back; `size` is that of take().
  void give(void* piece, std::size_t size);
  // Frees at most so many chunks and large pieces; no piece may be in use any more. Returns whether
  // some are left. The destructor frees all of them.
  bool release(std::size_t most);

  // The bytes allocated, and those of them in pieces that are in use.
  [[nodiscard]] std::uint64_t allocated() const { return allocated_; }
  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  struct Free {
    Free* next = nullptr;
  };
  struct Large {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  static constexpr std::size_t kGrain = 16;
  // Sizes up to kFineMax in steps of kGrain, above it four to each doubling.
  static constexpr std::size_t kFineMax = 256;
  static constexpr std::size_t kClasses = 41;

  // The pieces of one size.
  struct Class {
    std::size_t number;
    std::size_t bytes;  // Of each.
  };
  static Class class_of(std::size_t size);
  void* take_large(std::size_t size);

  std::array<Free*, kClasses> free_{};
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::unordered_map<void*, Large> large_;
  std::byte* begin_ = nullptr;  // The unused rest of the last chunk.
  std::byte* end_ = nullptr;
  std::uint64_t allocated_ = 0;
  std::uint64_t used_ = 0;
};

}  // namespace anabranch::storage
