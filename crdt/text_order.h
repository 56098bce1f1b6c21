// The order of a text in memory: the shown characters, and the position of each.
//
// A text is made of runs: the characters of one insert, at the position of the first one
// (position.h). The shown characters of a run are one piece, or several where others are between
// its characters or some of them are deleted. The pieces lie in leaves of about 700 bytes, in
// order: each with its characters, and with the bytes of its run that differ from the run of the
// piece before (front coding, as in the tables of LevelDB). Neighbours in a text are neighbours in
// the tree of positions, so a letter that was typed alone takes about 9 bytes with all that is
// known of it. The leaves are the nodes of a treap (Seidel and Aragon, "Randomized Search Trees",
// 1996), each with the sums of code points and UTF-16 units below it: so a character is found by
// its index, in either unit, and a place by its position, in O(log leaves).
//
// Worked example. The run P shows "abcdef"; "X" is inserted in front of d, in the gap 3 of P, and
// "e" deleted: the pieces are P 0-3 "abc", Q 0-1 "X", P 3-4 "d", P 5-6 "f".
//
// Indexes count code points. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/position.h"
#include "crdt/utf8.h"

namespace anabranch::crdt {

// Is told of each change of an order, before it is made. Indexes count code points.
class TextListener {
 public:
  virtual void will_insert(std::uint32_t index, std::string_view text) = 0;
  virtual void will_erase(std::uint32_t index, std::uint32_t count) = 0;

 protected:
  ~TextListener() = default;
};

class TextOrder {
 public:
  using Index = std::uint32_t;
  // Characters of one run.
  struct Part {
    std::string run;  // As Place::run.
    Index start = 0;
    Index count = 0;
  };
  // The place of a shown character.
  struct Shown {
    std::string run;
    Index index = 0;
    Index rest = 0;                                  // Characters of its piece from it on.
    operator Place() const { return {run, index}; }  // NOLINT: implicit
  };
  class Builder;

  // Tells a listener of all changes from now on; of none if it is null. The listener must outlive
  // that.
  void tell(TextListener* listener) { listener_ = listener; }

  [[nodiscard]] TextLength length() const { return sum(root_); }
  // Returns the length of the text before an index.
  [[nodiscard]] TextLength length_before(Index index) const;
  // Returns the characters from an index on, at most `count`.
  [[nodiscard]] std::string text(Index index, Index count) const;
  // Returns the same characters as parts of runs.
  [[nodiscard]] std::vector<Part> parts(Index index, Index count) const;
  // Returns the index of the character that begins with this unit of UTF-16, or of the end; nullopt
  // when the unit is within a character or behind the end.
  [[nodiscard]] std::optional<Index> index_of_unit(Index unit) const;
  // Returns the place of the character at an index; nullopt behind the end.
  [[nodiscard]] std::optional<Shown> place_at(Index index) const;
  // Returns the number of shown characters before a place, whether it is shown or not.
  [[nodiscard]] Index index_of(const Place& place) const;

  // Returns whether any character of a run is shown.
  [[nodiscard]] bool shows(std::string_view run) const;
  // Shows a run that has no shown characters yet, at its place among the others. The text must be
  // valid UTF-8 and not empty.
  void add(std::string_view run, std::string_view text);
  // Hides the shown characters of a part of a run; there may be none.
  void erase(const Part& part);
  // Hides `count` characters from an index on, all of them shown, and returns the parts.
  std::vector<Part> erase_at(Index index, Index count);
  // Inserts text into the piece that begins at an index, `at` characters from its beginning, as if
  // its run had been written so; the piece must be the whole run.
  void write_into(Index index, Index at, std::string_view text);
  // The reverse: removes `count` characters from that piece, not all.
  void unwrite(Index index, Index at, Index count);

 private:
  using Node = std::uint32_t;
  static constexpr Node kNone = UINT32_MAX;
  static constexpr std::size_t kLeafBytes = 700;  // Of a new leaf, about.

  // A node of the treap.
  struct Leaf {
    Node left = kNone;
    Node right = kNone;
    std::uint32_t priority = 0;
    TextLength length;
    TextLength sum;      // Of all below, and of itself.
    std::string pieces;  // Encoded, at least one.
  };
  // A leaf, the index of its first character, and those of the text before it in units.
  struct Found {
    Node node = kNone;
    TextLength before;
  };
  class Opened;

  [[nodiscard]] TextLength sum(Node node) const {
    return node == kNone ? TextLength() : leaves_[node].sum;
  }
  // Returns the leaf of an index; the last one for the end.
  [[nodiscard]] Found find(Index index) const { return find_from(root_, index); }
  [[nodiscard]] Found find_from(Node node, Index index) const;
  void update(Node node);
  // Splits a tree in two behind `index` characters, where a leaf begins or ends.
  void split(Node node, Index index, Node& left, Node& right);
  Node merge(Node left, Node right);
  Node make_leaf(std::string pieces, TextLength length);
  Leaf take_leaf(Node node);
  // Changes the pieces of the leaf that begins at an index, and encodes them again: as one leaf or
  // several, or none; one that is small together with the next.
  void change_leaf(Index begin, const std::function<void(Opened&)>& change);
  // Makes an index the beginning of a leaf.
  void cut(Index index);
  void release(Node node, std::vector<Part>& parts);
  template <typename Function>
  void visit(Node node, Index index, Index count, const Function& function) const;

  std::vector<Leaf> leaves_;
  std::vector<Node> free_;
  Node root_ = kNone;
  std::uint64_t random_ = 0x9E3779B97F4A7C15U;  // Only balances the tree.
  TextListener* listener_ = nullptr;
};

// Makes the order of runs that come in the order of their positions' bytes, as the rows of a text
// do, in time that grows with their number alone: a run that lies within another one comes after
// it, and what is left of the outer one follows when no run within it comes any more.
class TextOrder::Builder {
 public:
  // The text must be valid UTF-8 and not empty.
  void add(std::string_view run, std::string_view text);
  // Hides characters of the last run.
  void hide(Index start, Index count);
  // Whether the last run still shows characters.
  [[nodiscard]] bool shows_last() const;
  [[nodiscard]] TextOrder finish();

 private:
  // Characters of a run.
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  // A run that was not put into the order as a whole yet.
  struct Open {
    std::string run;
    std::string text;
    TextLength length;
    Index done = 0;  // So many characters lie in the order, or are hidden.
    std::uint32_t done_bytes = 0;
    std::vector<Span> hidden;  // In the order of their beginnings.
  };
  void close_until(const Place& place);
  // Puts the characters before an index of the run into the order.
  void put(Open& open, Index end);
  void put_piece(const Open& open, std::string_view text);
  void end_leaf();

  TextOrder order_;
  std::vector<Open> open_;  // Each within the one before; the first `depth_` are open.
  std::size_t depth_ = 0;
  std::string pieces_;  // Of the leaf that is being filled.
  std::string before_;  // The run of its last piece.
  TextLength length_;
};

}  // namespace anabranch::crdt
