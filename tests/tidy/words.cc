#include "tests/tidy/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iomanip>
#include <sstream>
#include <string_view>

namespace anabranch::tidy {
namespace {

constexpr std::array<std::string_view, 6> kCounted{"what", "who",   "whoever",
                                                   "whom", "whose", "which"};

struct Count {
  std::size_t words = 0;
  std::size_t counted = 0;

  double per_thousand() const {
    return words == 0 ? 0 : 1000.0 * static_cast<double>(counted) / static_cast<double>(words);
  }
};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '\''; }

// Of `what's` or a quoted 'what' the part between the apostrophes is compared.
bool is_counted(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('\''), word.size()));
  std::string plain{word.substr(0, word.find('\''))};
  std::ranges::transform(plain, plain.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::count(kCounted, plain) > 0;
}

void count(std::string_view text, Count& into) {
  while (true) {
    const auto begin = std::ranges::find_if(text, is_letter);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    if (text.empty()) return;
    const auto end = std::ranges::find_if_not(text, is_letter);
    const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    ++into.words;
    if (is_counted(word)) ++into.counted;
    text.remove_prefix(word.size());
  }
}

// A line with a URL or a literal that begins with slashes is left out.
void count_comments(std::string_view text, Count& into) {
  for (const auto line : lines_of(text)) {
    const auto at = line.find("//");
    if (at == line.npos || line.find("\"//") != line.npos || line.find("://") != line.npos)
      continue;
    count(line.substr(at + 2), into);
  }
}

// The folder with which the comments of a C++ file are counted: its layer, or its room of regions.
std::string_view folder_of(std::string_view path) {
  const auto layer = path.find('/');
  if (layer == path.npos) return {};
  if (path.substr(0, layer) != "regions") return path.substr(0, layer);
  const auto room = path.find('/', layer + 1);
  return path.substr(0, room == path.npos ? layer : room);
}

// Zero if `source` is not the first C++ file of its folder.
Count count_folder(const Source& source, const Repository& repository) {
  Count total;
  const auto folder = folder_of(source.path);
  for (const auto& [path, other] : repository) {
    if (!other.is_cpp() || folder_of(path) != folder) continue;
    if (path < source.path) return {};
    count_comments(other.text, total);
  }
  return total;
}

std::string in_tenths(double figure) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << figure;
  return out.str();
}

}  // namespace

Violations words_are_plain(const Source& source, const Repository& repository) {
  Count total;
  if (source.ends_with({".md"})) {
    count(source.text, total);
  } else if (source.is_cpp()) {
    total = count_folder(source, repository);
  }
  if (total.counted <= 1 || total.per_thousand() <= kPlainWords) return {};
  const std::string place{source.is_cpp() ? folder_of(source.path) : source.path};
  return {{0, place + ": " + in_tenths(total.per_thousand()) + " of 1000 words, " +
                  in_tenths(kPlainWords) + " are allowed"}};
}

}  // namespace anabranch::tidy
