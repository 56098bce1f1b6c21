#include "tests/scenarios/script.h"

#include <sstream>

namespace anabranch::test {
namespace {

constexpr std::string_view kIndent = "  ";

}  // namespace

Script::Script(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with(kIndent) && !steps_.empty()) {
      steps_.back().expected.push_back(line.substr(kIndent.size()));
      continue;
    }
    const bool says_nothing = line.empty() || line.starts_with('#');
    if (line.starts_with('#') && comment_.size() == lines_.size()) comment_.push_back(line);
    if (!says_nothing) {
      step_at_[lines_.size()] = steps_.size();
      steps_.push_back({number, line, {}});
    }
    lines_.push_back(line);
  }
}

std::string Script::with(const std::vector<Lines>& printed) const {
  std::string text;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    text += lines_[i] + '\n';
    const auto step = step_at_.find(i);
    if (step == step_at_.end()) continue;
    for (const std::string& line : printed.at(step->second)) {
      text += std::string(kIndent) + line + '\n';
    }
  }
  return text;
}

}  // namespace anabranch::test
