#include "tests/tidy/source.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace anabranch::tidy {
namespace {

namespace fs = std::filesystem;

bool is_skipped_folder(const std::string& name) {
  return name == "build" || name == "__pycache__" || (name.starts_with('.') && name != ".ci");
}

std::string read(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// Where the literal or comment that begins at `from` ends (one past it), or `from` if none does.
std::size_t end_of_blank(std::string_view text, std::size_t from) {
  const auto past = [&](std::string_view end, std::size_t start) {
    const auto at = text.find(end, start);
    return at == text.npos ? text.size() : at + end.size();
  };
  const auto rest = text.substr(from);
  if (rest.starts_with("//")) return std::min(text.find('\n', from), text.size());
  if (rest.starts_with("/*")) return past("*/", from + 2);
  const bool raw = rest.starts_with('"') && from > 0 && text[from - 1] == 'R';
  if (raw) {
    const auto open = text.find('(', from);
    if (open == text.npos) return text.size();
    return past(")" + std::string{text.substr(from + 1, open - from - 1)} + "\"", open);
  }
  const bool separator = rest.starts_with('\'') && from > 0 && is_word(text[from - 1]);
  if (separator || (!rest.starts_with('"') && !rest.starts_with('\''))) return from;
  for (auto at = from + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == text[from] || text[at] == '\n') {
      return at + 1;
    }
  }
  return text.size();
}

// `code` with preprocessor lines blanked: their braces need not match.
std::string without_directives(std::string code) {
  bool continued = false;
  for (const auto line : lines_of(code)) {
    const bool directive = continued || trim(line).starts_with('#');
    continued = directive && line.ends_with('\\');
    if (directive) std::fill_n(code.begin() + (line.data() - code.data()), line.size(), ' ');
  }
  return code;
}

// Removes the prefixes of a declaration's first word: access specifiers and templates.
std::string_view declaration_of(std::string_view head) {
  for (const std::string_view access : {"public:", "protected:", "private:"}) {
    const auto at = head.rfind(access);
    if (at != head.npos) head.remove_prefix(at + access.size());
  }
  head = trim(head);
  while (head.starts_with("template")) {
    std::size_t at = head.find('<');
    for (int depth = 0; at < head.size(); ++at) {
      depth += head[at] == '<' ? 1 : head[at] == '>' ? -1 : 0;
      if (depth == 0) break;
    }
    head = trim(head.substr(std::min(at + 1, head.size())));
  }
  return head;
}

enum class Brace { kScope, kFunction, kOther };

// The kind of brace after `head`, where `head` reaches back to the previous ';', '{' or '}'.
Brace kind_of(std::string_view head) {
  head = declaration_of(head);
  constexpr std::array<std::string_view, 8> kScopes{
      "namespace", "inline namespace", "class", "struct", "union", "enum", "extern", "TEST_SUITE"};
  const auto begins = [&](std::string_view word) {
    return head.starts_with(word) && (head.size() == word.size() || !is_word(head[word.size()]));
  };
  if (std::ranges::any_of(kScopes, begins)) return Brace::kScope;
  // After an initialiser of a constructor's list, only its body can follow.
  if (head.empty() || head.starts_with(',')) return Brace::kFunction;
  const auto close = head.rfind(')');
  if (close == head.npos || head.find('=', close) != head.npos) return Brace::kOther;
  return Brace::kFunction;
}

}  // namespace

bool Source::ends_with(std::initializer_list<std::string_view> endings) const {
  return std::ranges::any_of(endings, [&](auto ending) { return path.ends_with(ending); });
}

Repository load_repository(const fs::path& root) {
  Repository repository;
  for (auto it = fs::recursive_directory_iterator{root}; it != fs::recursive_directory_iterator{};
       ++it) {
    if (it->is_directory() && is_skipped_folder(it->path().filename().string())) {
      it.disable_recursion_pending();
    }
    if (!it->is_regular_file()) continue;
    std::string text = read(it->path());
    if (text.find('\0') != text.npos) text.clear();  // A picture: only its name matters.
    std::string path = it->path().lexically_relative(root).generic_string();
    repository.emplace(path, Source{path, std::move(text)});
  }
  return repository;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

std::string code_of(std::string_view text) {
  std::string code{text};
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_blank(text, at);
    for (auto i = at; i < end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return code;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  const std::string code = code_of(text);
  const auto code_lines = lines_of(code);
  const auto text_lines = lines_of(text);
  for (std::size_t i = 0; i < code_lines.size(); ++i) {
    const auto directive = trim(code_lines[i]);
    if (!directive.starts_with('#')) continue;
    if (!trim(directive.substr(1)).starts_with("include")) continue;
    const auto line = text_lines[i];
    const auto open = line.find_first_of("<\"");
    const auto close = line.find_first_of(">\"", open + 1);
    if (open == line.npos || close == line.npos) continue;
    const std::string name{line.substr(open + 1, close - open - 1)};
    includes.push_back({i + 1, name, line[open] == '"'});
  }
  return includes;
}

std::vector<Function> functions_of(std::string_view text) {
  std::vector<Function> functions;
  const std::string code = without_directives(code_of(text));
  std::vector<Brace> open;  // The braces around the current character.
  std::size_t head = 0;     // Where the text since the last ';', '{' or '}' begins.
  std::size_t line = 1;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    if (c == '\n') ++line;
    if (c == '{') {
      const bool in_scope = open.empty() || open.back() == Brace::kScope;
      const auto before = std::string_view{code}.substr(head, at - head);
      open.push_back(in_scope ? kind_of(before) : Brace::kOther);
      if (open.back() == Brace::kFunction) functions.push_back({line, 0});
    } else if (c == '}' && !open.empty()) {
      // A brace inside a function never begins one, so the last function is the one that ends here.
      if (open.back() == Brace::kFunction) {
        functions.back().length = line - functions.back().line + 1;
      }
      open.pop_back();
    }
    if (c == ';' || c == '{' || c == '}') head = at + 1;
  }
  return functions;
}

}  // namespace anabranch::tidy
