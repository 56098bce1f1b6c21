// Makes the order of many runs at once, see text_order.h.

#include <algorithm>
#include <utility>

#include "crdt/text_order.h"
#include "crdt/text_pieces.h"

namespace anabranch::crdt {

void TextOrder::Builder::add(std::string_view run, std::string_view text) {
  close_until({run, 0});
  if (depth_ == open_.size()) open_.emplace_back();
  Open& open = open_[depth_++];
  open.run = run;
  open.text = text;
  open.length = length_of(text);
  open.done = open.done_bytes = 0;
  open.hidden.clear();
}

void TextOrder::Builder::hide(Index start, Index count) {
  std::vector<Span>& hidden = open_[depth_ - 1].hidden;
  const Span span{start, std::uint64_t{start} + count};
  hidden.insert(std::ranges::upper_bound(hidden, span.begin, {}, &Span::begin), span);
}

bool TextOrder::Builder::shows_last() const {
  std::uint64_t hidden = 0;  // So many characters, from the first one on.
  for (const Span& each : open_[depth_ - 1].hidden) {
    if (each.begin > hidden) return true;
    hidden = std::max(hidden, each.end);
  }
  return hidden < open_[depth_ - 1].length.points;
}

void TextOrder::Builder::close_until(const Place& place) {
  for (; depth_ > 0; --depth_) {
    Open& open = open_[depth_ - 1];
    const auto within = index_in(open.run, place);
    put(open, within ? static_cast<Index>(std::min<std::uint64_t>(*within, open.length.points))
                     : open.length.points);
    if (within) return;
  }
}

void TextOrder::Builder::put(Open& open, Index end) {
  const auto go_on = [&](std::uint64_t to, bool shown) {
    const auto stop = static_cast<Index>(std::min<std::uint64_t>(to, end));
    if (stop <= open.done) return;
    const std::string_view rest = std::string_view(open.text).substr(open.done_bytes);
    const bool narrow = open.text.size() == open.length.points;
    const std::uint32_t bytes =
        narrow ? stop - open.done : utf8_prefix(rest, stop - open.done).bytes;
    if (shown) put_piece(open, rest.substr(0, bytes));
    open.done = stop;
    open.done_bytes += bytes;
  };
  for (const Span& each : open.hidden) {
    go_on(each.begin, true);
    go_on(each.end, false);
  }
  go_on(end, true);
}

void TextOrder::Builder::put_piece(const Open& open, std::string_view text) {
  const TextLength length = length_of(text);
  append_piece(pieces_, before_, open.run, {open.done, length, text});
  length_ = length_ + length;
  before_ = open.run;
  if (pieces_.size() >= kLeafBytes) end_leaf();
}

void TextOrder::Builder::end_leaf() {
  if (pieces_.empty()) return;
  order_.root_ = order_.merge(order_.root_, order_.make_leaf(std::string(pieces_), length_));
  pieces_.clear();
  before_.clear();
  length_ = {};
}

TextOrder TextOrder::Builder::finish() {
  for (; depth_ > 0; --depth_) put(open_[depth_ - 1], open_[depth_ - 1].length.points);
  end_leaf();
  return std::move(order_);
}

}  // namespace anabranch::crdt
