// What a document may hold, and the refusal of more: a sentence for its author.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace board {

struct Limits {
  std::size_t body_bytes = std::size_t{4} << 20U;
  std::uint64_t text_units = 2'000'000;
  std::size_t title_characters = 120;
  std::size_t when_characters = 120;
  std::size_t name_characters = 40;
  std::size_t tag_characters = 40;
  std::size_t choice_characters = 60;
  std::size_t todo_characters = 300;
  std::size_t todos = 200;
  std::size_t tags = 50;
  std::size_t choices = 20;
  std::size_t docs = 500;
  std::size_t streams = 1000;
  std::size_t people = 100;
  std::size_t edits = 1000;  // In a request.
};
inline constexpr Limits kLimits{};

// An answer other than "done", with the status of HTTP.
class Refused : public std::runtime_error {
 public:
  Refused(int status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

// Throws Refused{413} when there are so many of a kind already: "A document holds 200 tasks".
void expect_room(std::size_t present, std::size_t most, std::string_view sentence);

// Throws Refused unless the text is one line of UTF-8 with at most so many characters and no
// control characters, and is more than spaces. `what` begins the sentence: "A title".
void expect_line(std::string_view text, std::size_t most, std::string_view what);

// Throws Refused{400} unless it is `least` to 64 of the letters, digits, '-' and '_'.
void expect_name(std::string_view text, std::size_t least, std::string_view what);

}  // namespace board
