// The pieces of a text as they lie in a leaf of its order (text_order.h): one behind the other,
// each with the bytes of its run that differ from the run of the piece before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crdt/position.h"
#include "crdt/utf8.h"

namespace anabranch::crdt {

[[nodiscard]] inline TextLength operator+(const TextLength& a, const TextLength& b) {
  return {a.points + b.points, a.units + b.units};
}
[[nodiscard]] inline TextLength operator-(const TextLength& a, const TextLength& b) {
  return {a.points - b.points, a.units - b.units};
}
// Returns the length of a valid text.
[[nodiscard]] inline TextLength length_of(std::string_view text) {
  return utf8_length(text).value_or(TextLength());
}

// Characters of a run that lie beside each other; the run is not part of it.
struct TextPiece {
  std::uint32_t start = 0;  // In the run, in code points.
  TextLength length;
  std::string_view text;

  // Returns the number of bytes of its first characters.
  [[nodiscard]] std::uint32_t bytes_of(std::uint32_t points) const {
    return text.size() == length.points ? points : utf8_prefix(text, points).bytes;
  }
  // Returns the characters from one to another.
  [[nodiscard]] TextPiece part(std::uint32_t from, std::uint32_t to) const;
};

// Appends a piece behind one of the run `before`, which is empty at the beginning of a leaf.
//
// Bytes: twice the number of bytes that the run shares with that run, and one more for an ASCII
// letter that is the first of its run; number of the other bytes, and these; unless it is such a
// letter, start, code points, how many bytes there are more than code points and, if there are any,
// how many units more; the characters. All numbers are varints.
void append_piece(std::string& out, std::string_view before, std::string_view run,
                  const TextPiece& piece);

// Reads the pieces of a leaf, which must outlive this, from the first one on.
class TextPieces {
 public:
  explicit TextPieces(std::string_view leaf) : rest_(leaf) { next(); }

  [[nodiscard]] bool valid() const { return valid_; }
  void next();
  [[nodiscard]] const std::string& run() const { return run_; }
  [[nodiscard]] const TextPiece* operator->() const { return &piece_; }
  [[nodiscard]] const TextPiece& operator*() const { return piece_; }

  // Returns the first place of a leaf.
  [[nodiscard]] static Place first(std::string_view leaf);

 private:
  std::string_view rest_;
  std::string run_;
  TextPiece piece_;
  bool valid_ = false;
};

}  // namespace anabranch::crdt
