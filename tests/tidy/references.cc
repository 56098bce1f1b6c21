#include "tests/tidy/references.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

namespace anabranch::tidy {
namespace {

namespace fs = std::filesystem;

// `text` with its fenced blocks replaced by spaces; line breaks stay where they are.
std::string without_fences(std::string_view text) {
  std::string prose{text};
  bool fenced = false;
  for (const auto line : lines_of(text)) {
    const bool fence = line.starts_with("```");
    if (fence || fenced) std::fill_n(prose.begin() + (line.data() - text.data()), line.size(), ' ');
    if (fence) fenced = !fenced;
  }
  return prose;
}

// A name that was wrapped at the end of a line, on one line.
std::string unwrapped(const std::string& name) {
  return std::regex_replace(name, std::regex{"\\s+"}, " ");
}

// The CMakeLists.txt of the file's folder or of the nearest one above; empty if there is none.
std::string nearest_list(const std::string& path, const Repository& repository) {
  for (fs::path folder = fs::path{path}.parent_path();; folder = folder.parent_path()) {
    const auto list = repository.find((folder / "CMakeLists.txt").generic_string());
    if (list != repository.end()) return list->second.text;
    if (folder.empty()) return {};
  }
}

// The name stands in the file as that of a case.
bool has_case(std::string_view text, const std::string& name) {
  const std::string literal = '"' + name + '"';
  for (auto at = text.find(literal); at != text.npos; at = text.find(literal, at + 1)) {
    const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
    auto end = at;
    while (end > 0 && is_space(static_cast<unsigned char>(text[end - 1]))) --end;
    if (text.substr(0, end).ends_with("TEST_CASE(")) return true;
  }
  return false;
}

// A program of the list has the label, said by LABEL or by its own name.
bool has_label(const std::string& list, const std::string& label) {
  static const std::regex program{R"(anabranch_test\((\w+)_test\s([^)]*))"};
  static const std::regex said{R"(LABEL\s+(\w+))"};
  for (std::sregex_iterator it{list.begin(), list.end(), program}, end; it != end; ++it) {
    const std::string words = (*it)[2];
    std::smatch other;
    if (label == (std::regex_search(words, other, said) ? other[1] : (*it)[1])) return true;
  }
  return false;
}

bool has_words(const std::string& list, const std::string& before, const std::string& word) {
  return std::regex_search(list, std::regex{before + word + "\\b"});
}

// A check is named in full by some list of the tests, or is made of a file by the list beside it:
// `tests/process/kill_test.py` is process/kill.
bool has_check(const std::string& label, const std::string& name, const std::string& path,
               const Repository& repository) {
  static const std::regex plain{"[a-z0-9_]+"};
  if (!std::regex_match(name, plain)) return false;
  const std::string stem = fs::path{path}.stem().string();
  const std::string list = nearest_list(path, repository);
  const bool is_its_file = stem == name || stem == name + "_test";
  if (is_its_file && has_words(list, "LABEL ", label) && has_words(list, "\\b", name)) return true;
  return std::ranges::any_of(repository, [&](const auto& entry) {
    return entry.second.in("tests/") && entry.first.ends_with("CMakeLists.txt") &&
           has_words(entry.second.text, "anabranch_check\\(", label + '/' + name);
  });
}

// Why the reference `label/name` to a file is wrong; empty if the file has the test.
std::string wrong_reference(const std::string& label, const std::string& name,
                            const std::string& path, const Repository& repository) {
  const auto file = repository.find(path);
  const bool is_there =
      file != repository.end() &&
      ((has_case(file->second.text, name) && has_label(nearest_list(path, repository), label)) ||
       has_check(label, name, path, repository));
  return is_there ? std::string{} : label + '/' + name + " is not in " + path;
}

}  // namespace

Violations tests_are_there(const Source& source, const Repository& repository) {
  Violations found;
  if (!source.ends_with({".md"})) return found;
  // The target stands in parentheses, behind a colon, or with the same text further below.
  static const std::regex reference{R"(\[`([a-z_]+)/([^`]+)`\](?:(?:\(|: +)([^)#\s]+))?)"};
  const std::string prose = without_fences(source.text);
  const auto folder = fs::path{source.path}.parent_path();
  for (std::sregex_iterator it{prose.begin(), prose.end(), reference}, end; it != end; ++it) {
    const std::string label = (*it)[1];
    const std::string name = unwrapped((*it)[2]);
    const auto path = (folder / std::string{(*it)[3]}).lexically_normal().generic_string();
    const bool is_elsewhere = !(*it)[3].matched;
    const bool is_defined = prose.find("\n[`" + label + '/' + name + "`]: ") != prose.npos;
    const std::string wrong = !is_elsewhere ? wrong_reference(label, name, path, repository)
                              : is_defined  ? ""
                                            : label + '/' + name + " has no target";
    const auto line = 1 + std::count(prose.begin(), prose.begin() + it->position(), '\n');
    if (!wrong.empty()) found.push_back({static_cast<std::size_t>(line), wrong});
  }
  return found;
}

}  // namespace anabranch::tidy
