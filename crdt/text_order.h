// The order of a text in memory: which characters it shows, and where each of them is written.
//
// A text is made of runs: what one insert wrote, at the position of its first character
// (position.h). What is shown of a run is one piece, or several where others are between its
// characters or some of them are deleted. The pieces are the nodes of a treap (Seidel and Aragon,
// "Randomized Search Trees", 1996), each with the sums of code points and UTF-16 units below it: so
// a character is found by its index, in either unit, and a place by its position, in O(log pieces).
//
// Worked example. The run P shows "abcdef"; "X" is inserted in front of d, in the gap 3 of P, and
// "e" deleted: the pieces are P 0-3 "abc", Q 0-1 "X", P 3-4 "d", P 5-6 "f".
//
// The characters lie in one string, each piece knows where; when most of it is of pieces that are
// gone, it is written anew. Indexes count code points. Not thread-safe.
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

class TextOrder {
 public:
  using Index = std::uint32_t;
  // Characters of one run.
  struct Part {
    std::string run;  // As Place::run.
    Index start = 0;
    Index count = 0;
  };

  [[nodiscard]] TextLength length() const;
  // The characters from an index on, as many as there are up to `count`.
  [[nodiscard]] std::string text(Index index, Index count) const;
  // The index of the character that begins with this unit of UTF-16, or of the end; nothing when
  // the unit is within a character or behind the end.
  [[nodiscard]] std::optional<Index> index_of_unit(Index unit) const;
  // The place of the character at an index, valid until the next change; nothing behind the end.
  [[nodiscard]] std::optional<Place> place_at(Index index) const;

  // Whether anything of a run is shown.
  [[nodiscard]] bool shows(std::string_view run) const { return runs_by_name_.contains(run); }
  // Shows a run, of which nothing is shown, between what is there. The text is valid UTF-8 and not
  // empty.
  void add(std::string_view run, std::string_view text);
  // Shows no more what is shown of a part of a run, which may be nothing.
  void erase(const Part& part);
  // Shows no more `count` characters from an index on, which are there, and gives the parts.
  std::vector<Part> erase_at(Index index, Index count);
  // Inserts text into the piece that has the character at an index, `at` characters from the
  // beginning of that piece, as if its run had been written so; it must be all of its run.
  void write_into(Index index, Index at, std::string_view text);
  // The reverse: takes `count` characters out of it, not all.
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
  // How many characters come before a place.
  [[nodiscard]] Index index_of(const Place& place) const;
  Node make_piece(std::uint32_t run, Index start, std::string_view text);
  Node make_node(const Piece& piece);
  void insert_piece(Index index, Node node);
  void update(Node node);
  // Cuts a tree in two behind `index` characters, through a piece if need be.
  void split(Node node, Index index, Node& left, Node& right);
  Node merge(Node left, Node right);
  // Gives back the pieces of a tree, in order.
  void release(Node node, std::vector<Part>& parts);
  // Calls function(piece, offset, count) for the characters of a tree from `index` on.
  template <typename Function>
  void visit(Node node, Index index, Index count, const Function& function) const;
  std::uint32_t run_named(std::string_view name);
  void forget(std::uint32_t run);
  // Changes the one piece of a run at an index, and the sums above it.
  void change_piece(Index index, const std::function<void(Piece&)>& change);
  // How many bytes the first characters of a piece take.
  [[nodiscard]] std::uint32_t bytes_of(const Piece& piece, Index points) const;
  // Writes the text anew, without what is of no piece, when that is most of it.
  void tidy_text();
  void move_text(Node node, std::string& to);

  std::vector<Piece> pieces_;
  std::vector<Node> free_pieces_;
  std::deque<Run> runs_;  // Names stay where they are.
  std::vector<std::uint32_t> free_runs_;
  std::unordered_map<std::string_view, std::uint32_t> runs_by_name_;
  Node root_ = kNone;
  std::string text_;
  std::size_t live_bytes_ = 0;                  // Of it, those of pieces.
  std::uint64_t random_ = 0x9E3779B97F4A7C15U;  // Only balances the tree.
};

}  // namespace anabranch::crdt
