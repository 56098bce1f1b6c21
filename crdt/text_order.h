// The order of a text in memory: the shown characters, and the position of each.
//
// A text is made of runs: the characters of one insert, at the position of the first one
// (position.h). The shown characters of a run are one piece, or several where others are between
// its characters or some of them are deleted. The pieces are the nodes of a treap (Seidel and
// Aragon, "Randomized Search Trees", 1996), each with the sums of code points and UTF-16 units
// below it: so a character is found by its index, in either unit, and a place by its position, in
// O(log pieces).
//
// Worked example. The run P shows "abcdef"; "X" is inserted in front of d, in the gap 3 of P, and
// "e" deleted: the pieces are P 0-3 "abc", Q 0-1 "X", P 3-4 "d", P 5-6 "f".
//
// The characters are stored in one string, with the offset in each piece; once most of the string
// belongs to no piece any more, it is rewritten. Indexes count code points. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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

  // Tells a listener of all changes from now on; of none if it is null. The listener must outlive
  // that.
  void tell(TextListener* listener) { listener_ = listener; }

  [[nodiscard]] TextLength length() const;
  // Returns the length of the text before an index.
  [[nodiscard]] TextLength length_before(Index index) const;
  // Returns the characters from an index on, at most `count`.
  [[nodiscard]] std::string text(Index index, Index count) const;
  // Returns the index of the character that begins with this unit of UTF-16, or of the end; nullopt
  // when the unit is within a character or behind the end.
  [[nodiscard]] std::optional<Index> index_of_unit(Index unit) const;
  // Returns the place of the character at an index, valid until the next change; nullopt behind the
  // end.
  [[nodiscard]] std::optional<Place> place_at(Index index) const;
  // Returns the number of shown characters before a place, whether it is shown or not.
  [[nodiscard]] Index index_of(const Place& place) const;

  // Returns whether any character of a run is shown.
  [[nodiscard]] bool shows(std::string_view run) const { return runs_by_name_.contains(run); }
  // Shows a run that has no shown characters yet, at its place among the others. The text must be
  // valid UTF-8 and not empty.
  void add(std::string_view run, std::string_view text);
  // Hides the shown characters of a part of a run; there may be none.
  void erase(const Part& part);
  // Hides `count` characters from an index on, all of them shown, and returns the parts.
  std::vector<Part> erase_at(Index index, Index count);
  // Inserts text into the piece of the character at an index, `at` characters from the beginning of
  // that piece, as if its run had been written so; the piece must be the whole run.
  void write_into(Index index, Index at, std::string_view text);
  // The reverse: removes `count` characters from that piece, not all.
  void unwrite(Index index, Index at, Index count);

 private:
  using Node = std::uint32_t;
  static constexpr Node kNone = UINT32_MAX;

  struct Run {
    std::string name;
    Index shown = 0;  // Code points.
  };
  // A node of the treap.
  struct Piece {
    Node left = kNone;
    Node right = kNone;
    std::uint32_t priority = 0;
    std::uint32_t run = 0;
    Index start = 0;  // In the run.
    TextLength length;
    std::uint32_t bytes = 0;
    std::uint32_t text_at = 0;
    TextLength sum;  // Of all below, and of itself.
  };
  struct Found {
    Node node = kNone;
    Index offset = 0;  // In the piece.
  };

  [[nodiscard]] TextLength sum(Node node) const {
    return node == kNone ? TextLength() : pieces_[node].sum;
  }
  [[nodiscard]] std::string_view text_of(const Piece& piece) const {
    return std::string_view(text_).substr(piece.text_at, piece.bytes);
  }
  [[nodiscard]] Found find(Index index) const;
  Node make_piece(std::uint32_t run, Index start, std::string_view text);
  Node make_node(const Piece& piece);
  void insert_piece(Index index, Node node);
  void update(Node node);
  // Splits a tree in two behind `index` characters, through a piece if necessary.
  void split(Node node, Index index, Node& left, Node& right);
  Node merge(Node left, Node right);
  // Releases the pieces of a tree, in order.
  void release(Node node, std::vector<Part>& parts);
  // Calls function(piece, offset, count) for the characters of a tree from `index` on.
  template <typename Function>
  void visit(Node node, Index index, Index count, const Function& function) const;
  std::uint32_t run_named(std::string_view name);
  void forget(std::uint32_t run);
  // Changes the one piece of a run at an index, and the sums above it.
  void change_piece(Index index, const std::function<void(Piece&)>& change);
  // Returns the number of bytes of the first characters of a piece.
  [[nodiscard]] std::uint32_t bytes_of(const Piece& piece, Index points) const;
  // Rewrites the text without the bytes of no piece, when those are most of it.
  void tidy_text();
  void move_text(Node node, std::string& to);

  std::vector<Piece> pieces_;
  std::vector<Node> free_pieces_;
  std::deque<Run> runs_;  // Names stay where they are.
  std::vector<std::uint32_t> free_runs_;
  std::unordered_map<std::string_view, std::uint32_t> runs_by_name_;
  Node root_ = kNone;
  std::string text_;
  std::size_t live_bytes_ = 0;                  // Bytes of text_ that belong to pieces.
  std::uint64_t random_ = 0x9E3779B97F4A7C15U;  // Only balances the tree.
  TextListener* listener_ = nullptr;
};

}  // namespace anabranch::crdt
