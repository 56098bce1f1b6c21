#include "tests/tidy/documents.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <unordered_map>
#include <utility>

namespace anabranch::tidy {
namespace {

using Names = std::vector<std::string>;

// Words that stand for others, and the names of foreign programs.
constexpr std::array<std::string_view, 6> kOfNowhere{"PascalCase",      "snake_case", "kPascal",
                                                     "commands_FAMILY", "fuzz_batch", "OnCalendar"};
constexpr std::array<std::string_view, 2> kOfFormerNames{"CHANGELOG.md", "docs/names.md"};
constexpr std::size_t kNameSizeMin = 4;
constexpr std::size_t kPageLinesMax = 250;
constexpr std::size_t kPageColumnsMax = 120;
constexpr std::size_t kRowColumnsMax = 200;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// Calls `visit` with each word of `text`.
void for_each_word(std::string_view text, const auto& visit) {
  while (true) {
    const auto begin = std::ranges::find_if(text, is_word);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    if (text.empty()) return;
    const auto end = std::ranges::find_if_not(text, is_word);
    const auto size = static_cast<std::size_t>(end - text.begin());
    visit(text.substr(0, size));
    text.remove_prefix(size);
  }
}

// `text` without fenced code; line breaks stay where they are.
std::string prose_of(std::string_view text) {
  std::string prose;
  bool fenced = false;
  for (const auto line : lines_of(text)) {
    const bool fence = line.starts_with("```");
    if (!fence && !fenced) prose.append(line);
    if (fence) fenced = !fenced;
    prose.push_back('\n');
  }
  return prose;
}

// The file that a link in `source` leads to.
std::string target_of(const Source& source, const std::string& link) {
  const auto folder = std::filesystem::path{source.path}.parent_path();
  return link.empty() ? source.path : (folder / link).lexically_normal().generic_string();
}

std::size_t line_at(std::string_view text, std::size_t place) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, place), '\n'));
}

// As GitHub makes it of a heading.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ') anchor.push_back('-');
    if (is_word(c) || c == '-') {
      anchor.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return anchor;
}

bool has_heading(std::string_view document, const std::string& anchor) {
  const std::string prose = prose_of(document);
  return std::ranges::any_of(lines_of(prose), [&](std::string_view line) {
    const auto text = line.find_first_not_of('#');
    return text != 0 && text != line.npos && line[text] == ' ' &&
           anchor_of(line.substr(text + 1)) == anchor;
  });
}

// The kinds that a file of the leader gives to warnings: the first word of each.
Names kinds_in(const std::string& text) {
  static const std::regex kind{
      R"re((?:(?:push_back\(|add_sentences\(|return|begin\(\),)\s*\{|view k\w+ = )"([a-z_]+)")re"};
  Names kinds;
  if (text.find("warnings") == text.npos) return kinds;
  for (std::sregex_iterator it{text.begin(), text.end(), kind}, end; it != end; ++it) {
    kinds.push_back((*it)[1]);
  }
  return kinds;
}

// A word of code, not of a language: `kName`, `a_name`, `OutStream`; no beginning of one, `a_`.
bool is_name(std::string_view word) {
  if (word.size() < kNameSizeMin || (word.front() >= '0' && word.front() <= '9')) return false;
  if (word.front() == '_' || word.back() == '_') return false;
  if (std::ranges::count(kOfNowhere, word) > 0) return false;
  if (word.find('_') != word.npos) return true;
  return std::ranges::adjacent_find(word, [](char one, char next) {
           return is_lower(one) && is_upper(next);
         }) != word.end();
}

// `anabranch_lag_ms` is a metric made of `lag_ms`, and ANABRANCH_LAG_MS a variable.
std::string without_prefix(std::string_view name) {
  constexpr std::string_view kPrefix = "anabranch_";
  std::string plain{name};
  std::ranges::transform(plain, plain.begin(), [](unsigned char c) { return std::tolower(c); });
  return plain.starts_with(kPrefix) ? plain.substr(kPrefix.size()) : std::string{name};
}

// What a document names: one word, or two that stand in one file.
struct Mention {
  const Source* document;
  std::size_t line;
  std::string text;
  Names words;
};

void find_mentions(const Source& document, std::vector<Mention>& into) {
  static const std::regex span{"`([^`\n]+)`"};
  static const std::regex qualified{R"(([A-Z]\w*)::(\w+))"};
  const std::string prose = prose_of(document.text);
  for (std::sregex_iterator it{prose.begin(), prose.end(), span}, end; it != end; ++it) {
    const std::string code = (*it)[1];
    const std::size_t line = line_at(prose, static_cast<std::size_t>(it->position()));
    for_each_word(code, [&](std::string_view word) {
      if (is_name(word)) into.push_back({&document, line, std::string{word}, {std::string{word}}});
    });
    for (std::sregex_iterator at{code.begin(), code.end(), qualified}; at != end; ++at) {
      into.push_back({&document, line, (*at)[0], {(*at)[1], (*at)[2]}});
    }
  }
}

// For each word that is asked for, the sources that have it in their code or their path.
class Occurrences {
 public:
  void ask_for(const std::string& word) { files_[word]; }
  void look_into(const Source& source) {
    for_each_word(source.path, [&](std::string_view word) { note(word, source); });
    for (auto line : lines_of(source.text)) {
      if (source.is_cpp()) line = line.substr(0, comment_in(line));
      for_each_word(line, [&](std::string_view word) { note(word, source); });
    }
  }
  [[nodiscard]] const std::vector<const Source*>& of(const std::string& word) const {
    return files_.at(word);
  }

 private:
  static std::size_t comment_in(std::string_view line) {
    const auto at = line.find("//");
    return at == 0 || (at != line.npos && line[at - 1] == ' ') ? at : line.npos;
  }
  void note(std::string_view word, const Source& source) {
    word_.assign(word);
    const auto found = files_.find(word_);
    if (found == files_.end()) return;
    auto& files = found->second;
    if (files.empty() || files.back() != &source) files.push_back(&source);
  }

  std::unordered_map<std::string, std::vector<const Source*>> files_;
  std::string word_;
};

bool occurs(const Mention& mention, const Occurrences& all) {
  const auto& first = all.of(mention.words.front());
  if (mention.words.size() == 1) {
    return !first.empty() || !all.of(without_prefix(mention.text)).empty();
  }
  const auto& second = all.of(mention.words.back());
  return std::ranges::any_of(
      first, [&](const Source* file) { return std::ranges::count(second, file) > 0; });
}

// The names in backticks of the sentence with "may include", but for those of all layers below.
Names names_of_includes(const std::string& readme) {
  static const std::regex sentence{R"(ay include([^;]*?)(\.\s|;|$))"};
  static const std::regex others{R"((below|nothing of)\s+`[^`]*`)"};
  static const std::regex name{"`([a-z_/]+)`"};
  Names names;
  std::smatch match;
  if (!std::regex_search(readme, match, sentence)) return names;
  const std::string rest = std::regex_replace(match[1].str(), others, "");
  for (std::sregex_iterator it{rest.begin(), rest.end(), name}, end; it != end; ++it) {
    names.push_back((*it)[1]);
  }
  return names;
}

bool is_called(std::string_view folder, const std::string& name) {
  return folder == name || folder.ends_with("/" + name);
}

}  // namespace

Violations anchors_are_headings(const Source& source, const Repository& repository) {
  Violations found;
  if (!source.ends_with({".md"})) return found;
  static const std::regex link{R"(\]\(([^)#\s:]*)#([^)\s]+)\))"};
  const std::string prose = prose_of(source.text);
  for (std::sregex_iterator it{prose.begin(), prose.end(), link}, end; it != end; ++it) {
    const auto target = repository.find(target_of(source, (*it)[1]));
    if (target == repository.end() || !target->second.ends_with({".md"})) continue;
    const std::string anchor = (*it)[2];
    if (has_heading(target->second.text, anchor)) continue;
    found.push_back({line_at(prose, static_cast<std::size_t>(it->position())),
                     target->first + " has no heading for #" + anchor});
  }
  return found;
}

Violations named_sections_are_there(const Source& source, const Repository& repository) {
  Violations found;
  const bool plants = source.path == "tests/tidy_test.cc";
  if (source.ends_with({".md"}) || plants) return found;
  static const std::regex name{R"((docs/[a-z/-]+\.md)(?:#([\w-]+))?)"};
  for (std::sregex_iterator it{source.text.begin(), source.text.end(), name}, end; it != end;
       ++it) {
    const auto page = repository.find((*it)[1]);
    const std::string section = (*it)[2];
    const bool is_there = page != repository.end();
    if (is_there && (section.empty() || has_heading(page->second.text, section))) continue;
    found.push_back({line_at(source.text, static_cast<std::size_t>(it->position())),
                     is_there ? page->first + " has no heading for #" + section
                              : (*it)[1].str() + " is not there"});
  }
  return found;
}

Violations kinds_are_sections(const Source& source, const Repository& repository) {
  Violations found;
  if (source.path != "docs/operations/alarms.md") return found;
  std::set<std::string> kinds;
  for (const auto& [path, other] : repository) {
    if (!other.in("leader/") || !other.ends_with({".cc"})) continue;
    for (std::string& kind : kinds_in(other.text)) kinds.insert(std::move(kind));
  }
  static const std::regex section{"\n## ([a-z_]+)(?=\n)"};
  std::set<std::string> sections;
  for (std::sregex_iterator it{source.text.begin(), source.text.end(), section}, end; it != end;
       ++it) {
    sections.insert((*it)[1]);
  }
  for (const auto& kind : kinds) {
    if (!sections.contains(kind)) found.push_back({0, "no section for warnings of kind " + kind});
  }
  for (const auto& each : sections) {
    if (!kinds.contains(each)) found.push_back({0, "no warning has the kind " + each});
  }
  return found;
}

Violations code_names_occur(const Source& source, const Repository& repository) {
  const auto is_document = [](const auto& entry) { return entry.second.ends_with({".md"}); };
  const auto first = std::ranges::find_if(repository, is_document);
  if (first == repository.end() || first->first != source.path) return {};
  std::vector<Mention> mentions;
  for (const auto& [path, document] : repository) {
    const bool former = std::ranges::count(kOfFormerNames, path) > 0;
    if (document.ends_with({".md"}) && !former) find_mentions(document, mentions);
  }
  Occurrences all;
  for (const Mention& mention : mentions) {
    for (const std::string& word : mention.words) all.ask_for(word);
    all.ask_for(without_prefix(mention.text));
  }
  for (const auto& [path, other] : repository) {
    if (!other.ends_with({".md"})) all.look_into(other);
  }
  Violations found;
  for (const Mention& mention : mentions) {
    if (occurs(mention, all)) continue;
    found.push_back({0, mention.document->path + ":" + std::to_string(mention.line) + ": `" +
                            mention.text + "` is in no source"});
  }
  return found;
}

Violations functions_are_beside_their_files(const Source& source, const Repository& repository) {
  Violations found;
  if (!source.ends_with({".md"})) return found;
  static const std::regex place{R"(`(?:\w+::)+(\w+)`\s+\(\[[^\]]*\]\(([^)#\s]+)\))"};
  const std::string prose = prose_of(source.text);
  for (std::sregex_iterator it{prose.begin(), prose.end(), place}, end; it != end; ++it) {
    const auto file = repository.find(target_of(source, (*it)[2]));
    const bool is_ours = file != repository.end() && !file->second.in("include/");
    if (!is_ours || !file->second.is_cpp()) continue;
    const std::string function = (*it)[1];
    bool has = false;
    const std::string code = code_of(file->second.text);
    for_each_word(code, [&](std::string_view word) { has = has || word == function; });
    if (has) continue;
    found.push_back({line_at(prose, static_cast<std::size_t>(it->position())),
                     file->first + " has no " + function});
  }
  return found;
}

Violations documents_have_titles(const Source& source, const Repository&) {
  if (!source.ends_with({".md"}) || source.text.starts_with("# ")) return {};
  return {{1, "no title"}};
}

Violations pages_are_short(const Source& source, const Repository& repository) {
  const bool is_page = source.in("docs/architecture/");
  const bool is_overview = source.path == "docs/architecture.md";
  if (!is_page && !is_overview && source.path != "docs/glossary.md") return {};
  Violations found;
  const auto lines = lines_of(source.text);
  if (lines.size() > kPageLinesMax) found.push_back({0, std::to_string(lines.size()) + " lines"});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_row = lines[i].starts_with('|');
    const std::size_t most = is_row ? kRowColumnsMax : kPageColumnsMax;
    if (lines[i].size() <= most) continue;
    found.push_back({i + 1, std::to_string(lines[i].size()) + " columns"});
  }
  const auto overview = repository.find("docs/architecture.md");
  const std::string link = "](" + source.path.substr(std::string_view{"docs/"}.size()) + ')';
  const bool is_linked =
      overview != repository.end() && overview->second.text.find(link) != link.npos;
  if (is_page && !is_linked) found.push_back({0, "docs/architecture.md has no link to it"});
  return found;
}

Violations wrong_includes(const Source& readme, const std::vector<std::string_view>& sees,
                          const std::vector<std::string_view>& others) {
  if (readme.text.find("ay include") == std::string::npos) return {{0, "names no includes"}};
  Violations found;
  const Names names = names_of_includes(readme.text);
  for (const auto folder : sees) {
    const bool named = std::ranges::any_of(
        names, [&](const std::string& name) { return is_called(folder, name); });
    if (!named) found.push_back({0, "leaves out " + std::string{folder}});
  }
  for (const std::string& name : names) {
    const auto called = [&](std::string_view folder) { return is_called(folder, name); };
    if (std::ranges::none_of(sees, called) && std::ranges::any_of(others, called)) {
      found.push_back({0, "names " + name});
    }
  }
  return found;
}

}  // namespace anabranch::tidy
