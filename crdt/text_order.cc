#include "crdt/text_order.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "core/assert.h"
#include "crdt/text_pieces.h"

namespace anabranch::crdt {

namespace {

// Of the encoded pieces: a leaf is divided when it has more, into leaves of about kLeafBytes, and
// joined to the next when it has less. A piece that is longer has a leaf of its own.
constexpr std::size_t kLeafBytesMax = 1024;
constexpr std::size_t kLeafBytesMin = 256;

}  // namespace

// The pieces of a leaf, to be changed and encoded again.
class TextOrder::Opened {
 public:
  struct Item {
    std::string_view run;
    TextPiece piece;
  };
  struct Encoded {
    std::string pieces;
    TextLength length;
  };

  explicit Opened(Leaf leaf) { append(std::move(leaf)); }

  // Adds the pieces of the next leaf.
  void append(Leaf leaf) {
    leaves_.push_back(std::move(leaf));
    for (TextPieces walk(leaves_.back().pieces); walk.valid(); walk.next()) {
      if (items_.empty() || items_.back().run != walk.run()) strings_.push_back(walk.run());
      items_.push_back({strings_.back(), *walk});
    }
  }

  // Inserts a piece whose run and text outlive this.
  void insert(Index at, const Item& item) {
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(begin_item(at)), item);
  }
  // Removes characters, and tells the parts.
  void erase(Index at, Index count, std::vector<Part>& parts) {
    const std::size_t begin = begin_item(at);
    const std::size_t end = begin_item(at + count);
    for (std::size_t i = begin; i < end; ++i) add_part(parts, items_[i].run, items_[i].piece);
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(begin),
                 items_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  // Replaces bytes of the piece that begins at an index by others.
  void rewrite(Index at, Index from, Index count, std::string_view text) {
    TextPiece& piece = items_[begin_item(at)].piece;
    const std::uint32_t begin = piece.bytes_of(from);
    const std::uint32_t end = piece.bytes_of(from + count);
    std::string& bytes = strings_.emplace_back(piece.text);
    const std::string_view gone = piece.text.substr(begin, end - begin);
    piece.length = piece.length - length_of(gone) + length_of(text);
    bytes.replace(begin, end - begin, text);
    piece.text = bytes;
  }
  // Makes an index the beginning of a piece, and returns which.
  std::size_t begin_item(Index at) {
    std::size_t i = 0;
    for (; i < items_.size() && at >= items_[i].piece.length.points; ++i) {
      at -= items_[i].piece.length.points;
    }
    if (at == 0) return i;
    const Item whole = items_[i];
    items_[i].piece = whole.piece.part(0, at);
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  {whole.run, whole.piece.part(at, whole.piece.length.points)});
    return i + 1;
  }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  // Returns the leaves of some of the pieces.
  [[nodiscard]] std::vector<Encoded> encoded(std::size_t begin, std::size_t end) const {
    Encoded all = encode(begin, end, SIZE_MAX).front();
    if (all.pieces.empty()) return {};
    if (all.pieces.size() <= kLeafBytesMax) return {std::move(all)};
    return encode(begin, end, all.pieces.size() / (all.pieces.size() / kLeafBytes + 1));
  }

  static void add_part(std::vector<Part>& parts, std::string_view run, const TextPiece& piece) {
    if (!parts.empty() && parts.back().run == run &&
        parts.back().start + parts.back().count == piece.start) {
      parts.back().count += piece.length.points;
    } else {
      parts.push_back({std::string(run), piece.start, piece.length.points});
    }
  }

 private:
  // Begins a new leaf when one has so many bytes.
  [[nodiscard]] std::vector<Encoded> encode(std::size_t begin, std::size_t end,
                                            std::size_t bytes) const {
    std::vector<Encoded> leaves(1);
    std::string_view before;
    for (std::size_t i = begin; i < end; ++i) {
      if (leaves.back().pieces.size() >= bytes) {
        leaves.emplace_back();
        before = {};
      }
      const auto& [run, piece] = items_[i];
      append_piece(leaves.back().pieces, before, run, piece);
      leaves.back().length = leaves.back().length + piece.length;
      before = run;
    }
    for (Encoded& each : leaves) each.pieces.shrink_to_fit();
    return leaves;
  }

  std::deque<Leaf> leaves_;
  std::deque<std::string> strings_;
  std::vector<Item> items_;
};

// ---- The tree.

void TextOrder::update(Node node) {
  Leaf& leaf = leaves_[node];
  leaf.sum = sum(leaf.left) + leaf.length + sum(leaf.right);
}

TextOrder::Node TextOrder::make_leaf(std::string pieces, TextLength length) {
  Node node = 0;
  if (free_.empty()) {
    node = static_cast<Node>(leaves_.size());
    leaves_.emplace_back();
  } else {
    node = free_.back();
    free_.pop_back();
  }
  random_ ^= random_ << 13U;  // Marsaglia, "Xorshift RNGs", 2003.
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  leaves_[node] = {kNone,  kNone,  static_cast<std::uint32_t>(random_ >> 32U),
                   length, length, std::move(pieces)};
  return node;
}

TextOrder::Leaf TextOrder::take_leaf(Node node) {
  free_.push_back(node);
  return std::exchange(leaves_[node], {});
}

void TextOrder::split(Node node, Index index, Node& left, Node& right) {
  if (node == kNone) {
    left = right = kNone;
    return;
  }
  const Index before = sum(leaves_[node].left).points;
  Node inner = kNone;
  if (index <= before) {
    split(leaves_[node].left, index, left, inner);
    leaves_[node].left = inner;
    right = node;
  } else {
    const Index end = before + leaves_[node].length.points;
    ANABRANCH_ASSERT(index >= end);
    split(leaves_[node].right, index - end, inner, right);
    leaves_[node].right = inner;
    left = node;
  }
  update(node);
}

TextOrder::Node TextOrder::merge(Node left, Node right) {
  if (left == kNone) return right;
  if (right == kNone) return left;
  if (leaves_[left].priority > leaves_[right].priority) {
    const Node inner = merge(leaves_[left].right, right);
    leaves_[left].right = inner;
    update(left);
    return left;
  }
  const Node inner = merge(left, leaves_[right].left);
  leaves_[right].left = inner;
  update(right);
  return right;
}

void TextOrder::change_leaf(Index begin, const std::function<void(Opened&)>& change) {
  Node left = kNone;
  Node middle = kNone;
  Node right = kNone;
  split(root_, begin, left, right);
  split(right, leaves_[find_from(right, 0).node].length.points, middle, right);
  Opened opened(take_leaf(middle));
  change(opened);
  auto leaves = opened.encoded(0, opened.size());
  if (leaves.size() == 1 && leaves[0].pieces.size() < kLeafBytesMin && right != kNone) {
    split(right, leaves_[find_from(right, 0).node].length.points, middle, right);
    opened.append(take_leaf(middle));
    leaves = opened.encoded(0, opened.size());
  }
  root_ = left;
  for (Opened::Encoded& each : leaves) {
    root_ = merge(root_, make_leaf(std::move(each.pieces), each.length));
  }
  root_ = merge(root_, right);
}

void TextOrder::cut(Index index) {
  if (index == 0 || index == length().points) return;
  const Index begin = find(index).before.points;
  if (begin == index) return;
  Node left = kNone;
  Node middle = kNone;
  Node right = kNone;
  split(root_, begin, left, right);
  split(right, leaves_[find_from(right, 0).node].length.points, middle, right);
  Opened opened(take_leaf(middle));
  const std::size_t item = opened.begin_item(index - begin);
  root_ = left;
  for (const auto& [from, to] : {std::pair{std::size_t{0}, item}, {item, opened.size()}}) {
    for (Opened::Encoded& each : opened.encoded(from, to)) {
      root_ = merge(root_, make_leaf(std::move(each.pieces), each.length));
    }
  }
  root_ = merge(root_, right);
}

// ---- Search.

TextOrder::Found TextOrder::find_from(Node node, Index index) const {
  Found found;
  while (node != kNone) {
    const Leaf& leaf = leaves_[node];
    const TextLength left = sum(leaf.left);
    if (index < left.points) {
      node = leaf.left;
      continue;
    }
    found.node = node;
    if (index < left.points + leaf.length.points || leaf.right == kNone) {
      found.before = found.before + left;
      break;
    }
    index -= left.points + leaf.length.points;
    found.before = found.before + left + leaf.length;
    node = leaf.right;
  }
  return found;
}

TextLength TextOrder::length_before(Index index) const {
  Found found = find(index);
  if (found.node == kNone) return {};
  for (TextPieces walk(leaves_[found.node].pieces); walk.valid(); walk.next()) {
    const Index left = index - found.before.points;
    if (left < walk->length.points) return found.before + walk->part(0, left).length;
    found.before = found.before + walk->length;
  }
  return found.before;
}

std::optional<TextOrder::Shown> TextOrder::place_at(Index index) const {
  const Found found = find(index);
  if (found.node == kNone) return std::nullopt;
  Index left = index - found.before.points;
  for (TextPieces walk(leaves_[found.node].pieces); walk.valid(); walk.next()) {
    const Index points = walk->length.points;
    if (left < points) return Shown{walk.run(), walk->start + left, points - left};
    left -= points;
  }
  return std::nullopt;
}

TextOrder::Index TextOrder::index_of(const Place& place) const {
  Node found = kNone;
  Index begin = 0;  // Of the leaf that was found.
  Index end = 0;
  for (Node node = root_; node != kNone;) {
    const Leaf& leaf = leaves_[node];
    if (compare(place, TextPieces::first(leaf.pieces)) < 0) {
      node = leaf.left;
      continue;
    }
    found = node;
    begin = end + sum(leaf.left).points;
    end = begin + leaf.length.points;
    node = leaf.right;
  }
  if (found == kNone) return 0;
  for (TextPieces walk(leaves_[found].pieces); walk.valid(); walk.next()) {
    const Index points = walk->length.points;
    if (compare(place, {walk.run(), walk->start}) <= 0) return begin;
    if (compare(place, {walk.run(), walk->start + points - 1}) <= 0) {
      const auto within = index_in(walk.run(), place).value_or(0);
      return begin + static_cast<Index>(within) - walk->start;
    }
    begin += points;
  }
  return begin;
}

std::optional<TextOrder::Index> TextOrder::index_of_unit(Index unit) const {
  TextLength before;
  for (Node node = root_; node != kNone;) {
    const Leaf& leaf = leaves_[node];
    const TextLength left = sum(leaf.left);
    if (unit < before.units + left.units) {
      node = leaf.left;
      continue;
    }
    before = before + left;
    if (unit >= before.units + leaf.length.units) {
      before = before + leaf.length;
      node = leaf.right;
      continue;
    }
    for (TextPieces walk(leaf.pieces); walk.valid(); walk.next()) {
      if (unit < before.units + walk->length.units) {
        const TextPrefix prefix = utf8_prefix_of_units(walk->text, unit - before.units);
        if (prefix.length.units != unit - before.units) return std::nullopt;
        return before.points + prefix.length.points;
      }
      before = before + walk->length;
    }
  }
  return unit == before.units ? std::optional(before.points) : std::nullopt;
}

template <typename Function>
void TextOrder::visit(Node node, Index index, Index count, const Function& function) const {
  if (node == kNone || count == 0) return;
  const Leaf& leaf = leaves_[node];
  Index at = sum(leaf.left).points;
  const Index stop = count > UINT32_MAX - index ? UINT32_MAX : index + count;
  if (index < at) visit(leaf.left, index, std::min(count, at - index), function);
  const Index end = at + leaf.length.points;
  if (index < end && stop > at) {
    for (TextPieces walk(leaf.pieces); walk.valid() && at < stop; walk.next()) {
      const Index points = walk->length.points;
      const Index from = std::max(index, at);
      const Index to = std::min(stop, at + points);
      if (from < to) function(walk.run(), walk->part(from - at, to - at));
      at += points;
    }
  }
  if (stop > end) {
    const Index first = std::max(index, end);
    visit(leaf.right, first - end, stop - first, function);
  }
}

std::string TextOrder::text(Index index, Index count) const {
  std::string text;
  visit(root_, index, count,
        [&](const std::string& /*run*/, const auto& piece) { text += piece.text; });
  return text;
}

std::vector<TextOrder::Part> TextOrder::parts(Index index, Index count) const {
  std::vector<Part> parts;
  visit(root_, index, count,
        [&](const std::string& run, const auto& piece) { Opened::add_part(parts, run, piece); });
  return parts;
}

// ---- Runs.

// Characters of other runs may lie between those of this one.
bool TextOrder::shows(std::string_view run) const {
  for (std::uint64_t start = 0;;) {
    const auto next = place_at(index_of({run, start}));
    if (!next) return false;
    if (next->run == run) return true;
    const auto within = index_in(run, *next);
    if (!within) return false;
    start = *within;
  }
}

void TextOrder::add(std::string_view run, std::string_view text) {
  ANABRANCH_ASSERT(!text.empty());
  for (Index start = 0; !text.empty();) {
    const Index index = index_of({run, start});
    std::string_view piece = text;
    // A run inserted within this run, and received before it, ends the piece.
    if (const auto next = place_at(index)) {
      if (const auto gap = index_in(run, *next)) {
        piece = text.substr(0, utf8_prefix(text, static_cast<Index>(*gap) - start).bytes);
      }
    }
    if (listener_ != nullptr) listener_->will_insert(index, piece);
    const TextPiece added{start, length_of(piece), piece};
    if (root_ == kNone) {
      std::string pieces;
      append_piece(pieces, {}, run, added);
      root_ = make_leaf(std::move(pieces), added.length);
    } else {
      const Index begin = find(index).before.points;
      change_leaf(begin, [&](Opened& leaf) { leaf.insert(index - begin, {run, added}); });
    }
    start += added.length.points;
    text.remove_prefix(piece.size());
  }
}

void TextOrder::erase(const Part& part) {
  const std::uint64_t end = std::uint64_t{part.start} + part.count;
  for (std::uint64_t start = part.start; start < end;) {
    const Index index = index_of({part.run, start});
    const auto next = place_at(index);
    const auto within = next ? index_in(part.run, *next) : std::nullopt;
    if (!within || *within >= end) return;
    start = *within;
    if (next->run != part.run) continue;  // Inserted in front of that character.
    const auto count = static_cast<Index>(std::min<std::uint64_t>(next->rest, end - start));
    erase_at(index, count);
    start += count;
  }
}

std::vector<TextOrder::Part> TextOrder::erase_at(Index index, Index count) {
  std::vector<Part> parts;
  if (count == 0) return parts;
  if (listener_ != nullptr) listener_->will_erase(index, count);
  const Found found = find(index);
  const Index begin = found.before.points;
  if (index + count <= begin + leaves_[found.node].length.points) {
    change_leaf(begin, [&](Opened& leaf) { leaf.erase(index - begin, count, parts); });
    return parts;
  }
  cut(index);
  cut(index + count);
  Node left = kNone;
  Node middle = kNone;
  Node right = kNone;
  split(root_, index, left, right);
  split(right, count, middle, right);
  release(middle, parts);
  root_ = merge(left, right);
  // The leaves on both sides may be small: encoding the left one again joins them.
  if (root_ != kNone) {
    change_leaf(find(index == 0 ? 0 : index - 1).before.points, [](Opened&) {});
  }
  return parts;
}

void TextOrder::release(Node node, std::vector<Part>& parts) {
  if (node == kNone) return;
  const Leaf leaf = take_leaf(node);
  release(leaf.left, parts);
  for (TextPieces walk(leaf.pieces); walk.valid(); walk.next())
    Opened::add_part(parts, walk.run(), *walk);
  release(leaf.right, parts);
}

// ---- The run being written.

void TextOrder::write_into(Index index, Index at, std::string_view text) {
  if (listener_ != nullptr) listener_->will_insert(index + at, text);
  const Index begin = find(index).before.points;
  change_leaf(begin, [&](Opened& leaf) { leaf.rewrite(index - begin, at, 0, text); });
}

void TextOrder::unwrite(Index index, Index at, Index count) {
  if (listener_ != nullptr) listener_->will_erase(index + at, count);
  const Index begin = find(index).before.points;
  change_leaf(begin, [&](Opened& leaf) { leaf.rewrite(index - begin, at, count, {}); });
}

}  // namespace anabranch::crdt
