#include "crdt/text_pieces.h"

#include "core/varint.h"
#include "crdt/common_prefix.h"

namespace anabranch::crdt {

namespace {

// Takes a number off the front of bytes that append_piece() has written.
std::uint32_t take(std::string_view& in) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

std::string_view take_bytes(std::string_view& in, std::size_t size) {
  const std::string_view bytes = in.substr(0, size);
  in.remove_prefix(size);
  return bytes;
}

// Takes the piece behind its run's bytes.
TextPiece take_piece(std::string_view& in, bool letter) {
  TextPiece piece;
  std::size_t size = 1;
  if (letter) {
    piece.length = {1, 1};
  } else {
    piece.start = take(in);
    piece.length.points = piece.length.units = take(in);
    const std::uint32_t more = take(in);
    if (more != 0) piece.length.units += take(in);
    size = piece.length.points + more;
  }
  piece.text = take_bytes(in, size);
  return piece;
}

}  // namespace

TextPiece TextPiece::part(std::uint32_t from, std::uint32_t to) const {
  const std::uint32_t begin = bytes_of(from);
  const std::string_view bytes = text.substr(begin, bytes_of(to) - begin);
  const bool narrow = text.size() == length.points;
  return {start + from, narrow ? TextLength{to - from, to - from} : length_of(bytes), bytes};
}

void append_piece(std::string& out, std::string_view before, std::string_view run,
                  const TextPiece& piece) {
  const std::size_t shared = common_prefix(before, run);
  const bool letter = piece.start == 0 && piece.text.size() == 1;
  core::put_varint(out, shared * 2 + (letter ? 1 : 0));
  core::put_bytes(out, run.substr(shared));
  if (!letter) {
    const std::size_t more = piece.text.size() - piece.length.points;
    core::put_varint(out, piece.start);
    core::put_varint(out, piece.length.points);
    core::put_varint(out, more);
    if (more != 0) core::put_varint(out, piece.length.units - piece.length.points);
  }
  out += piece.text;
}

void TextPieces::next() {
  valid_ = !rest_.empty();
  if (!valid_) return;
  const std::uint32_t head = take(rest_);
  const std::uint32_t size = take(rest_);
  run_.resize(head / 2);
  run_ += take_bytes(rest_, size);
  piece_ = take_piece(rest_, head % 2 == 1);
}

Place TextPieces::first(std::string_view leaf) {
  const std::uint32_t head = take(leaf);
  const std::uint32_t size = take(leaf);
  const std::string_view run = take_bytes(leaf, size);
  return {run, head % 2 == 1 ? 0U : take(leaf)};
}

}  // namespace anabranch::crdt
