// The piece of work by which machines are compared: tests/run.sh compiles this file and compares
// the seconds with those of tests/costs.txt. It stays as it is: the figures of years refer to it.

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>

namespace anabranch::reference {

std::map<std::string, std::vector<std::string>> words_by_line(
    const std::vector<std::string>& lines) {
  const std::regex word("([a-z]+)|([0-9]+)");
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& line : lines) {
    for (std::sregex_iterator each(line.begin(), line.end(), word), end; each != end; ++each) {
      found[line].push_back(each->str());
    }
    std::ranges::sort(found[line]);
  }
  return found;
}

std::size_t distinct_words(const std::vector<std::string>& lines) {
  std::unordered_map<std::string, std::size_t> counts;
  for (const auto& [line, words] : words_by_line(lines)) {
    for (const std::string& word : words) ++counts[word];
  }
  return counts.size();
}

}  // namespace anabranch::reference
