// Answers that wait to be sent, as one sequence of bytes. They are kept in pieces: a string of many
// MiB that grows, or gets something at its front, is copied as a whole, in one piece of work.
//
//   output.append(bytes);
//   for (std::size_t sent = 0; sent < output.size();) sent += send(output.from(sent));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace anabranch::control {

class Output {
 public:
  [[nodiscard]] std::size_t size() const { return whole_ + last_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // The memory that it holds, about.
  [[nodiscard]] std::size_t capacity() const { return whole_ + last_.capacity(); }

  // Appends bytes; views into it are void then, as by all that changes it.
  void append(std::string_view bytes) {
    if (last_.size() >= kPiece) seal();
    last_.append(bytes);
  }
  // Appends the bytes of another one from `begin` up to `end`.
  void append(const Output& other, std::size_t begin, std::size_t end);
  // Appends all of another one; that of many MiB is not copied.
  void append(Output&& other);
  // Makes room for a value of so many bytes, so that it is not copied while it is appended.
  void reserve(std::size_t bytes);
  // Inserts some few bytes.
  void insert(std::size_t at, std::string_view bytes);
  // Drops all behind the first `size` bytes, of which there are as many or more.
  void truncate(std::size_t size);
  // Drops some of the first `bytes` bytes, which were sent, as far as that costs little. Returns
  // how many were dropped.
  std::size_t drop_sent(std::size_t bytes);
  void clear();
  // Gives memory back that is held for nothing.
  void shrink() { last_.shrink_to_fit(); }

  [[nodiscard]] char at(std::size_t position) const { return from(position).front(); }
  // Returns the bytes from a position on, as far as they are together: at least one, unless the
  // position is the end.
  [[nodiscard]] std::string_view from(std::size_t position) const;
  // Returns a copy of the bytes from a position on, of at most so many.
  [[nodiscard]] std::string text(std::size_t position, std::size_t most = SIZE_MAX) const;

 private:
  // A piece that is as large gets no more.
  static constexpr std::size_t kPiece = std::size_t{1} << 20U;

  // The next byte begins another piece.
  void seal();
  // The piece with a position, or the last one, and the position within it.
  [[nodiscard]] std::pair<const std::string*, std::size_t> find(std::size_t position) const;

  std::vector<std::string> pieces_;
  std::size_t whole_ = 0;  // The bytes in these.
  std::string last_;
};

}  // namespace anabranch::control
