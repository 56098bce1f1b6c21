// Pieces of memory do not overlap, are used again, and are freed in slices.

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "storage/overlay/overlay_memory.h"
#include "tests/seed.h"

namespace anabranch::storage::test::overlay_memory_test {
namespace {

struct Piece {
  unsigned char* bytes;
  std::size_t size;
  unsigned char filling;
};

bool is_whole(const Piece& piece) {
  for (std::size_t i = 0; i < piece.size; ++i) {
    if (piece.bytes[i] != piece.filling) return false;
  }
  return true;
}

TEST_SUITE("storage: memory of overlays") {
  TEST_CASE("pieces of all sizes keep what is written to them, however many come and go") {
    std::mt19937_64 random(anabranch::test::seed());
    OverlayMemory memory;
    std::vector<Piece> pieces;
    for (int i = 0; i < 20'000; ++i) {
      if (pieces.empty() || random() % 5 < 3) {
        const std::size_t size = random() % (random() % 50 == 0 ? 40'000 : 700);
        auto* const bytes = static_cast<unsigned char*>(memory.take(size));
        CHECK(reinterpret_cast<std::uintptr_t>(bytes) % alignof(std::max_align_t) == 0);
        pieces.push_back({bytes, size, static_cast<unsigned char>(random())});
        std::memset(bytes, pieces.back().filling, size);
      } else {
        std::swap(pieces[random() % pieces.size()], pieces.back());
        REQUIRE(is_whole(pieces.back()));
        memory.give(pieces.back().bytes, pieces.back().size);
        pieces.pop_back();
      }
    }
    for (const Piece& each : pieces) REQUIRE(is_whole(each));
    CHECK(memory.used() <= memory.allocated());
    for (const Piece& each : pieces) memory.give(each.bytes, each.size);
    CHECK(memory.used() == 0);
  }

  TEST_CASE("a piece that was given back is used again for its size") {
    OverlayMemory memory;
    void* const first = memory.take(100);
    void* const other = memory.take(1'000);
    memory.give(first, 100);
    CHECK(memory.take(1'000) != first);
    CHECK(memory.take(100) == first);
    memory.give(other, 1'000);
    CHECK(memory.take(990) == other);
  }

  TEST_CASE("a piece wastes less than a quarter of its size, but for small ones") {
    for (std::size_t size = 1; size <= OverlayMemory::kPieceBytesMax; ++size) {
      OverlayMemory memory;
      (void)memory.take(size);
      CHECK(memory.used() >= size);
      CHECK(memory.used() < size + size / 4 + 17);
    }
  }

  TEST_CASE("all of it is freed in slices of chunks") {
    OverlayMemory memory;
    for (int i = 0; i < 1'000; ++i) (void)memory.take(1'000);
    (void)memory.take(1'000'000);
    const std::uint64_t before = memory.allocated();
    CHECK(memory.release(1));
    CHECK(memory.allocated() == before - OverlayMemory::kChunkBytes);
    CHECK_FALSE(memory.release(1'000));
    CHECK(memory.allocated() == 0);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::overlay_memory_test
