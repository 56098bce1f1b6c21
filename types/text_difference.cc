// The difference of two texts: Myers' algorithm in linear space, see text_replacement.h.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "types/text_replacement.h"

namespace anabranch::types {

namespace {

using Text = std::u32string_view;
using Index = std::int64_t;

// A place in both texts.
struct Point {
  Index x = 0;
  Index y = 0;
};

// How far paths with a number of erased and inserted characters reach, by diagonal: x - y, from
// either end.
class Reach {
 public:
  explicit Reach(Index diagonals_max)
      : middle_(diagonals_max + 1), x_(static_cast<std::size_t>(2 * middle_ + 1)) {}
  [[nodiscard]] Index& at(Index diagonal) {
    return x_[static_cast<std::size_t>(middle_ + diagonal)];
  }

  // Returns where a path on a diagonal begins that has one character more than its neighbours.
  [[nodiscard]] Index next(Index diagonal, Index length) {
    const bool down =
        diagonal == -length || (diagonal != length && at(diagonal - 1) < at(diagonal + 1));
    return down ? at(diagonal + 1) : at(diagonal - 1) + 1;
  }

 private:
  Index middle_;
  std::vector<Index> x_;
};

class Comparison {
 public:
  Comparison(Text before, Text after, TextUnit unit)
      : before_(before), after_(after), unit_(unit) {}

  std::vector<TextReplacement> run() {
    compare({0, 0}, {static_cast<Index>(before_.size()), static_cast<Index>(after_.size())});
    return std::move(found_);
  }

 private:
  void compare(Point from, Point to);
  [[nodiscard]] Point middle(Point from, Point to) const;
  void replace(Point from, Point to);

  [[nodiscard]] bool equal(Index x, Index y) const {
    return before_[static_cast<std::size_t>(x)] == after_[static_cast<std::size_t>(y)];
  }
  [[nodiscard]] std::uint64_t units(Text text) const {
    if (unit_ == TextUnit::kCodePoints) return text.size();
    const auto wide = std::ranges::count_if(text, [](char32_t each) { return each >= 0x10000; });
    return text.size() + static_cast<std::uint64_t>(wide);
  }

  Text before_;
  Text after_;
  TextUnit unit_;
  std::vector<TextReplacement> found_;
  Point end_;                   // Of the last one that was found.
  std::uint64_t position_ = 0;  // Of that place, in the text after.
};

// Recurses for the left part of each division, and loops over the right one.
void Comparison::compare(Point from, Point to) {
  for (;;) {
    while (from.x < to.x && from.y < to.y && equal(from.x, from.y)) ++from.x, ++from.y;
    while (from.x < to.x && from.y < to.y && equal(to.x - 1, to.y - 1)) --to.x, --to.y;
    if (from.x == to.x || from.y == to.y) return replace(from, to);
    const Point at = middle(from, to);
    compare(from, at);
    from = at;
  }
}

// Returns a point on a shortest path, with at least one erased or inserted character on both sides
// of it; or, on one that is too long, the point that kDifferenceMax / 2 of them reach at best.
Point Comparison::middle(Point from, Point to) const {
  const Index n = to.x - from.x;
  const Index m = to.y - from.y;
  const Index delta = n - m;
  const Index length_max = std::min<Index>((n + m + 1) / 2, kDifferenceMax / 2);
  Reach forward(length_max);
  Reach backward(length_max);
  const auto overlaps = [&](Index diagonal, Index length) {
    return diagonal >= -length && diagonal <= length;
  };
  Point best;
  for (Index length = 0; length <= length_max; ++length) {
    for (Index k = -length; k <= length; k += 2) {
      Index x = length == 0 ? 0 : forward.next(k, length);
      if (x > n || x - k > m || x < k) {  // Outside of the texts.
        forward.at(k) = x;
        continue;
      }
      while (x < n && x - k < m && equal(from.x + x, from.y + x - k)) ++x;
      forward.at(k) = x;
      if (2 * x - k > best.x + best.y) best = {x, x - k};
      if (delta % 2 != 0 && overlaps(delta - k, length - 1) && x + backward.at(delta - k) >= n) {
        return {from.x + x, from.y + x - k};
      }
    }
    for (Index k = -length; k <= length; k += 2) {
      Index x = length == 0 ? 0 : backward.next(k, length);
      if (x > n || x - k > m || x < k) {
        backward.at(k) = x;
        continue;
      }
      while (x < n && x - k < m && equal(to.x - 1 - x, to.y - 1 - x + k)) ++x;
      backward.at(k) = x;
      if (delta % 2 == 0 && overlaps(delta - k, length) && x + forward.at(delta - k) >= n) {
        return {to.x - x, to.y - x + k};
      }
    }
  }
  return {from.x + best.x, from.y + best.y};
}

void Comparison::replace(Point from, Point to) {
  if (from.x == to.x && from.y == to.y) return;
  const auto part = [](Text text, Index begin, Index end) {
    return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  };
  const std::string erased = crdt::utf8_encoded(part(before_, from.x, to.x));
  const std::string inserted = crdt::utf8_encoded(part(after_, from.y, to.y));
  if (!found_.empty() && from.x == end_.x && from.y == end_.y) {
    found_.back().erased += erased;
    found_.back().inserted += inserted;
  } else {
    const std::uint64_t position = position_ + units(part(after_, end_.y, from.y));
    found_.push_back({static_cast<crdt::TextOrder::Index>(from.y), position, erased, inserted, {}});
  }
  position_ += units(part(after_, end_.y, to.y));
  end_ = to;
}

}  // namespace

std::vector<TextReplacement> difference(std::u32string_view before, std::u32string_view after,
                                        TextUnit unit) {
  return Comparison(before, after, unit).run();
}

}  // namespace anabranch::types
