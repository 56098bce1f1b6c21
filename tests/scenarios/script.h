// A scenario as text: commands, each with its expected output, indented, below it.
//
//   # The later of two concurrent writes is shown.
//   regions eu us
//   eu: set cart apple
//   us: show cart
//     apple
// Empty lines and lines that begin with `#` are comments. Every other line that is not indented is
// a command.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::test {

using Lines = std::vector<std::string>;

class Script {
 public:
  struct Step {
    std::size_t line = 0;  // Of the command, from 1.
    std::string command;
    Lines expected;  // Without their indentation.
  };

  explicit Script(std::string_view text);

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  // The comment at its beginning.
  [[nodiscard]] const Lines& comment() const { return comment_; }
  // The text with another expected output: that of each step, in order.
  [[nodiscard]] std::string with(const std::vector<Lines>& printed) const;

 private:
  Lines lines_;                                 // Without expectations.
  std::map<std::size_t, std::size_t> step_at_;  // {index in lines_: step}
  std::vector<Step> steps_;
  Lines comment_;
};

}  // namespace anabranch::test
