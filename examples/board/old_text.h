// A text as a page shows it, over the text as it is: the page has not heard of the last changes, or
// is about to. Finds the places of the page in the text as it is.
//
//   OldText text(5);           // The page shows "Hello", and so it was.
//   text.change(0, 0, 3);      // Somebody has put "Oh " in front of it meanwhile.
//   text.insert(5, 1);         // The page puts "!" behind it: that is at 8.
//
// All positions and counts are in units of UTF-16.
#pragma once

#include <cstdint>
#include <vector>

namespace board {

class OldText {
 public:
  struct Range {
    std::uint64_t at = 0;
    std::uint64_t count = 0;
  };

  explicit OldText(std::uint64_t size);

  // Changes the text as it is; the page does not know of it.
  void change(std::uint64_t at, std::uint64_t erased, std::uint64_t inserted);

  // Edit both: an edit of the page. Return where it is in the text as it is. An insert is right
  // behind the character that it follows in the page, in front of insertions by others there. An
  // erase leaves alone text that the page does not show; its ranges are from the last to the first,
  // so that each can be erased as it stands. Places behind the end throw std::out_of_range.
  std::uint64_t insert(std::uint64_t at, std::uint64_t count);
  std::vector<Range> erase(std::uint64_t at, std::uint64_t count);

  // Returns the place of the page in the text as it is, as insert() finds it.
  [[nodiscard]] std::uint64_t now(std::uint64_t at) const;
  // Returns the parts of the page within a range of the text as it is.
  [[nodiscard]] std::vector<Range> shown(const Range& now) const;

 private:
  // Characters in both (old == now), erased since (now == 0) or inserted since (old == 0).
  struct Piece {
    std::uint64_t old = 0;
    std::uint64_t now = 0;
  };
  // Returns the first piece that begins at a place of the page or behind it; cuts one around the
  // place.
  std::size_t cut_old(std::uint64_t at);
  std::size_t cut_now(std::uint64_t at);
  void put(std::size_t index, const Piece& piece);

  std::vector<Piece> pieces_;
};

}  // namespace board
