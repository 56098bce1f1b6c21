#include "crdt/text_order.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace anabranch::crdt {

namespace {

constexpr std::size_t kTidyMin = std::size_t{64} << 10U;  // A smaller text is not worth rewriting.

TextLength operator+(const TextLength& a, const TextLength& b) {
  return {a.points + b.points, a.units + b.units};
}

}  // namespace

TextLength TextOrder::length() const { return sum(root_); }

TextLength TextOrder::length_before(Index index) const {
  TextLength before;
  for (Node node = root_; node != kNone;) {
    const Piece& piece = pieces_[node];
    const TextLength left = sum(piece.left);
    if (index < left.points) {
      node = piece.left;
      continue;
    }
    index -= left.points;
    before = before + left;
    if (index < piece.length.points) {
      return before + utf8_prefix(text_of(piece), index).length;
    }
    index -= piece.length.points;
    before = before + piece.length;
    node = piece.right;
  }
  return before;
}

// ---- The tree.

void TextOrder::update(Node node) {
  Piece& piece = pieces_[node];
  piece.sum = sum(piece.left) + piece.length + sum(piece.right);
}

TextOrder::Node TextOrder::make_node(const Piece& piece) {
  Node node = 0;
  if (free_pieces_.empty()) {
    node = static_cast<Node>(pieces_.size());
    pieces_.push_back(piece);
  } else {
    node = free_pieces_.back();
    free_pieces_.pop_back();
    pieces_[node] = piece;
  }
  random_ ^= random_ << 13U;  // Marsaglia, "Xorshift RNGs", 2003.
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  pieces_[node].left = pieces_[node].right = kNone;
  pieces_[node].priority = static_cast<std::uint32_t>(random_ >> 32U);
  pieces_[node].sum = piece.length;
  return node;
}

TextOrder::Node TextOrder::make_piece(std::uint32_t run, Index start, std::string_view text) {
  Piece piece;
  piece.run = run;
  piece.start = start;
  piece.length = utf8_length(text).value_or(TextLength());
  piece.bytes = static_cast<std::uint32_t>(text.size());
  piece.text_at = static_cast<std::uint32_t>(text_.size());
  text_ += text;
  live_bytes_ += text.size();
  return make_node(piece);
}

void TextOrder::split(Node node, Index index, Node& left, Node& right) {
  if (node == kNone) {
    left = right = kNone;
    return;
  }
  const Index before = sum(pieces_[node].left).points;
  const Index size = pieces_[node].length.points;
  if (index <= before) {
    Node inner = kNone;
    split(pieces_[node].left, index, left, inner);
    pieces_[node].left = inner;
    right = node;
  } else if (index >= before + size) {
    Node inner = kNone;
    split(pieces_[node].right, index - before - size, inner, right);
    pieces_[node].right = inner;
    left = node;
  } else {
    Piece rest = pieces_[node];
    const TextPrefix cut = utf8_prefix(text_of(rest), index - before);
    rest.start += cut.length.points;
    rest.length.points -= cut.length.points;
    rest.length.units -= cut.length.units;
    rest.bytes -= cut.bytes;
    rest.text_at += cut.bytes;
    const Node behind = std::exchange(pieces_[node].right, kNone);
    pieces_[node].length = cut.length;
    pieces_[node].bytes = cut.bytes;
    right = merge(make_node(rest), behind);
    left = node;
  }
  update(node);
}

TextOrder::Node TextOrder::merge(Node left, Node right) {
  if (left == kNone) return right;
  if (right == kNone) return left;
  if (pieces_[left].priority > pieces_[right].priority) {
    const Node inner = merge(pieces_[left].right, right);
    pieces_[left].right = inner;
    update(left);
    return left;
  }
  const Node inner = merge(left, pieces_[right].left);
  pieces_[right].left = inner;
  update(right);
  return right;
}

void TextOrder::insert_piece(Index index, Node node) {
  Node left = kNone;
  Node right = kNone;
  split(root_, index, left, right);
  root_ = merge(merge(left, node), right);
}

void TextOrder::release(Node node, std::vector<Part>& parts) {
  if (node == kNone) return;
  const Piece piece = pieces_[node];
  release(piece.left, parts);
  Run& run = runs_[piece.run];
  if (!parts.empty() && parts.back().run == run.name &&
      parts.back().start + parts.back().count == piece.start) {
    parts.back().count += piece.length.points;
  } else {
    parts.push_back({run.name, piece.start, piece.length.points});
  }
  run.shown -= piece.length.points;
  if (run.shown == 0) forget(piece.run);
  live_bytes_ -= piece.bytes;
  free_pieces_.push_back(node);
  release(piece.right, parts);
}

// ---- Search.

std::uint32_t TextOrder::bytes_of(const Piece& piece, Index points) const {
  if (piece.bytes == piece.length.points) return points;
  return points == piece.length.points ? piece.bytes : utf8_prefix(text_of(piece), points).bytes;
}

TextOrder::Found TextOrder::find(Index index) const {
  Node node = root_;
  while (node != kNone) {
    const Piece& piece = pieces_[node];
    const Index before = sum(piece.left).points;
    if (index < before) {
      node = piece.left;
    } else if (index < before + piece.length.points) {
      return {node, index - before};
    } else {
      index -= before + piece.length.points;
      node = piece.right;
    }
  }
  return {};
}

TextOrder::Index TextOrder::index_of(const Place& place) const {
  Index before = 0;
  Node node = root_;
  while (node != kNone) {
    const Piece& piece = pieces_[node];
    const std::string_view run = runs_[piece.run].name;
    if (compare(place, {run, piece.start}) <= 0) {
      node = piece.left;
      continue;
    }
    before += sum(piece.left).points;
    if (compare(place, {run, piece.start + piece.length.points - 1}) <= 0) {
      return before + static_cast<Index>(index_in(run, place).value_or(0)) - piece.start;
    }
    before += piece.length.points;
    node = piece.right;
  }
  return before;
}

std::optional<Place> TextOrder::place_at(Index index) const {
  const Found found = find(index);
  if (found.node == kNone) return std::nullopt;
  const Piece& piece = pieces_[found.node];
  return Place{runs_[piece.run].name, piece.start + found.offset};
}

std::optional<TextOrder::Index> TextOrder::index_of_unit(Index unit) const {
  Index before = 0;
  Node node = root_;
  while (node != kNone) {
    const Piece& piece = pieces_[node];
    const TextLength left = sum(piece.left);
    if (unit < left.units) {
      node = piece.left;
    } else if (unit < left.units + piece.length.units) {
      const TextPrefix prefix = utf8_prefix_of_units(text_of(piece), unit - left.units);
      if (prefix.length.units != unit - left.units) return std::nullopt;
      return before + left.points + prefix.length.points;
    } else {
      before += left.points + piece.length.points;
      unit -= left.units + piece.length.units;
      node = piece.right;
    }
  }
  return unit == 0 ? std::optional(before) : std::nullopt;
}

template <typename Function>
void TextOrder::visit(Node node, Index index, Index count, const Function& function) const {
  if (node == kNone || count == 0) return;
  const Piece& piece = pieces_[node];
  const Index before = sum(piece.left).points;
  const Index end = before + piece.length.points;
  const Index stop = count > UINT32_MAX - index ? UINT32_MAX : index + count;
  if (index < before) visit(piece.left, index, std::min(count, before - index), function);
  const Index from = std::max(index, before);
  const Index to = std::min(stop, end);
  if (from < to) function(piece, from - before, to - from);
  if (stop > end) {
    const Index first = std::max(index, end);
    visit(piece.right, first - end, stop - first, function);
  }
}

std::string TextOrder::text(Index index, Index count) const {
  std::string text;
  visit(root_, index, count, [&](const Piece& piece, Index offset, Index length) {
    const std::uint32_t from = bytes_of(piece, offset);
    text += text_of(piece).substr(from, bytes_of(piece, offset + length) - from);
  });
  return text;
}

// ---- Runs.

std::uint32_t TextOrder::run_named(std::string_view name) {
  std::uint32_t run = 0;
  if (free_runs_.empty()) {
    run = static_cast<std::uint32_t>(runs_.size());
    runs_.emplace_back();
  } else {
    run = free_runs_.back();
    free_runs_.pop_back();
  }
  runs_[run].name = name;
  runs_by_name_.emplace(runs_[run].name, run);
  return run;
}

void TextOrder::forget(std::uint32_t run) {
  runs_by_name_.erase(runs_[run].name);
  free_runs_.push_back(run);  // The name stays for the callers of release() until it is reused.
}

void TextOrder::add(std::string_view run, std::string_view text) {
  ANABRANCH_ASSERT(!shows(run) && !text.empty());
  tidy_text();
  const std::uint32_t number = run_named(run);
  for (Index start = 0; !text.empty();) {
    const Index index = index_of({run, start});
    TextPrefix whole{static_cast<std::uint32_t>(text.size()), {}};
    // A run inserted within this run, and received before it, ends the piece.
    if (const auto next = place_at(index)) {
      if (const auto gap = index_in(run, *next)) {
        whole = utf8_prefix(text, static_cast<Index>(*gap) - start);
      }
    }
    if (listener_ != nullptr) listener_->will_insert(index, text.substr(0, whole.bytes));
    const Node node = make_piece(number, start, text.substr(0, whole.bytes));
    start += pieces_[node].length.points;
    runs_[number].shown += pieces_[node].length.points;
    text.remove_prefix(whole.bytes);
    insert_piece(index, node);
  }
}

void TextOrder::erase(const Part& part) {
  const std::uint64_t end = std::uint64_t{part.start} + part.count;
  for (std::uint64_t start = part.start; start < end && shows(part.run);) {
    const Index index = index_of({part.run, start});
    const auto next = place_at(index);
    const auto within = next ? index_in(part.run, *next) : std::nullopt;
    if (!within || *within >= end) return;
    start = *within;
    if (next->run != part.run) continue;  // Inserted in front of that character.
    const Found found = find(index);
    const Index left = pieces_[found.node].length.points - found.offset;
    const auto count = static_cast<Index>(std::min<std::uint64_t>(left, end - start));
    erase_at(index, count);
    start += count;
  }
}

std::vector<TextOrder::Part> TextOrder::erase_at(Index index, Index count) {
  if (listener_ != nullptr && count > 0) listener_->will_erase(index, count);
  Node left = kNone;
  Node middle = kNone;
  Node right = kNone;
  split(root_, index, left, right);
  split(right, count, middle, right);
  std::vector<Part> parts;
  release(middle, parts);
  root_ = merge(left, right);
  return parts;
}

// ---- The run being written.

void TextOrder::change_piece(Index index, const std::function<void(Piece&)>& change) {
  std::vector<Node> way;
  for (Node node = root_; node != kNone;) {
    way.push_back(node);
    const Piece& piece = pieces_[node];
    const Index before = sum(piece.left).points;
    if (index < before) {
      node = piece.left;
      continue;
    }
    if (index < before + piece.length.points) break;
    index -= before + piece.length.points;
    node = piece.right;
  }
  ANABRANCH_ASSERT(!way.empty());
  Piece& piece = pieces_[way.back()];
  if (piece.text_at + piece.bytes != text_.size()) {  // Only the last text can grow.
    const std::string copy(text_of(piece));
    piece.text_at = static_cast<std::uint32_t>(text_.size());
    text_ += copy;
  }
  const Index before = piece.length.points;
  change(piece);
  runs_[piece.run].shown += piece.length.points - before;
  for (auto node = way.rbegin(); node != way.rend(); ++node) update(*node);
}

void TextOrder::write_into(Index index, Index at, std::string_view text) {
  if (listener_ != nullptr) listener_->will_insert(index + at, text);
  change_piece(index, [&](Piece& piece) {
    const std::uint32_t byte = bytes_of(piece, at);
    text_.insert(piece.text_at + byte, text);
    piece.length = piece.length + utf8_length(text).value_or(TextLength());
    piece.bytes += static_cast<std::uint32_t>(text.size());
    live_bytes_ += text.size();
  });
}

void TextOrder::unwrite(Index index, Index at, Index count) {
  if (listener_ != nullptr) listener_->will_erase(index + at, count);
  change_piece(index, [&](Piece& piece) {
    const std::uint32_t byte = bytes_of(piece, at);
    const TextPrefix gone = utf8_prefix(text_of(piece).substr(byte), count);
    text_.erase(piece.text_at + byte, gone.bytes);
    piece.length.points -= gone.length.points;
    piece.length.units -= gone.length.units;
    piece.bytes -= gone.bytes;
    live_bytes_ -= gone.bytes;
  });
}

void TextOrder::tidy_text() {
  if (text_.size() < 2 * live_bytes_ + kTidyMin) return;
  std::string tidy;
  tidy.reserve(live_bytes_ + kTidyMin);
  move_text(root_, tidy);
  text_ = std::move(tidy);
}

void TextOrder::move_text(Node node, std::string& to) {
  if (node == kNone) return;
  Piece& piece = pieces_[node];
  move_text(piece.left, to);
  const std::string_view text = text_of(piece);
  piece.text_at = static_cast<std::uint32_t>(to.size());
  to += text;
  move_text(piece.right, to);
}

}  // namespace anabranch::crdt
