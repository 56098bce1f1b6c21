#include "examples/board/old_text.h"

#include <algorithm>
#include <stdexcept>

namespace board {

OldText::OldText(std::uint64_t size) : pieces_{{size, size}} {}

void OldText::put(std::size_t index, const Piece& piece) {
  pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(index), piece);
}

std::size_t OldText::cut_old(std::uint64_t at) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (before == at) return i;
    Piece& piece = pieces_[i];
    if (before + piece.old > at) {
      const std::uint64_t left = at - before;
      const Piece right{piece.old - left, piece.now == 0 ? 0 : piece.now - left};
      piece = {left, piece.now == 0 ? 0 : left};
      put(i + 1, right);
      return i + 1;
    }
    before += piece.old;
  }
  if (before != at) throw std::out_of_range("a place behind the end");
  return pieces_.size();
}

std::size_t OldText::cut_now(std::uint64_t at) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (before == at) return i;
    Piece& piece = pieces_[i];
    if (before + piece.now > at) {
      const std::uint64_t left = at - before;
      const Piece right{piece.old == 0 ? 0 : piece.old - left, piece.now - left};
      piece = {piece.old == 0 ? 0 : left, left};
      put(i + 1, right);
      return i + 1;
    }
    before += piece.now;
  }
  if (before != at) throw std::out_of_range("a place behind the end");
  return pieces_.size();
}

void OldText::change(std::uint64_t at, std::uint64_t erased, std::uint64_t inserted) {
  if (erased > 0) {
    const std::size_t first = cut_now(at);
    const std::size_t last = cut_now(at + erased);
    for (std::size_t i = first; i < last; ++i) pieces_[i].now = 0;
    std::erase_if(pieces_, [](const Piece& piece) { return piece.old == 0 && piece.now == 0; });
  }
  if (inserted == 0) return;
  std::size_t index = cut_now(at);
  while (index < pieces_.size() && pieces_[index].now == 0)
    ++index;  // Behind characters erased here.
  if (index > 0 && pieces_[index - 1].old == 0) {
    pieces_[index - 1].now += inserted;  // So that letters typed one by one are one piece.
  } else {
    put(index, {0, inserted});
  }
}

std::uint64_t OldText::insert(std::uint64_t at, std::uint64_t count) {
  const std::size_t index = cut_old(at);
  std::uint64_t place = 0;
  for (std::size_t i = 0; i < index; ++i) place += pieces_[i].now;
  if (count > 0) put(index, {count, count});
  return place;
}

std::vector<OldText::Range> OldText::erase(std::uint64_t at, std::uint64_t count) {
  const std::size_t first = cut_old(at);
  const std::size_t last = cut_old(at + count);
  std::vector<Range> ranges;
  std::uint64_t place = 0;
  for (std::size_t i = 0; i < last; ++i) {
    Piece& piece = pieces_[i];
    if (i >= first && piece.old > 0) {
      if (piece.now > 0) ranges.push_back({place, piece.now});
      place += piece.now;
      piece = {};
    } else {
      place += piece.now;
    }
  }
  std::erase_if(pieces_, [](const Piece& piece) { return piece.old == 0 && piece.now == 0; });
  std::ranges::reverse(ranges);
  return ranges;
}

std::uint64_t OldText::now(std::uint64_t at) const {
  OldText copy = *this;
  return copy.insert(at, 0);
}

std::vector<OldText::Range> OldText::shown(const Range& now) const {
  std::vector<Range> parts;
  std::uint64_t old = 0;
  std::uint64_t place = 0;
  for (const Piece& piece : pieces_) {
    const std::uint64_t begin = std::max(place, now.at);
    const std::uint64_t end = std::min(place + piece.now, now.at + now.count);
    if (piece.old > 0 && begin < end) parts.push_back({old + (begin - place), end - begin});
    old += piece.old;
    place += piece.now;
  }
  return parts;
}

}  // namespace board
