#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>

#include "tests/tidy/documents.h"
#include "tests/tidy/references.h"
#include "tests/tidy/words.h"

namespace anabranch::tidy {
namespace {

using Names = std::vector<std::string_view>;

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kFileLinesMax = 600;
constexpr std::size_t kFolderSourcesMax = 20;
constexpr std::size_t kFunctionLinesMax = 60;
constexpr std::size_t kRespFunctionLinesMax = 40;

// Folder, and the folders whose headers its files may include besides their own.
struct Layer {
  std::string_view folder;
  Names sees;
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> table{
      {"include", {}},
      {"core", {"include"}},
      {"plugins", {"include", "core"}},
      {"crdt", {"include", "core"}},
      {"storage", {"include", "core"}},
      {"transport", {"include", "core"}},
      {"rows", {"include", "core", "plugins", "crdt", "storage"}},
      {"regions", {"include", "core", "plugins", "crdt", "storage", "transport", "rows"}},
      {"types", {"include", "core", "crdt"}},
      {"leader",
       {"include", "core", "plugins", "crdt", "storage", "transport", "rows", "regions", "types"}},
      {"control",
       {"include", "core", "plugins", "crdt", "storage", "transport", "rows", "regions", "leader"}},
      {"http", {"include", "core", "leader", "control"}},
      {"server",
       {"include", "core", "plugins", "crdt", "storage", "transport", "rows", "regions", "leader",
        "control", "http"}},
      {"bench", {"include", "core", "crdt", "storage", "transport", "rows", "regions", "leader"}},
      {"tests",
       {"include", "core", "plugins", "crdt", "storage", "transport", "rows", "regions", "types",
        "leader", "control", "http", "server"}},
      {"examples", {"include"}},
  };
  return table;
}

// Room of a layer, and the folders of the same layer whose headers its files may include besides
// its own. The files beside the rooms may include all of them, unless their folder has a row too.
using Layers = std::vector<Layer>;

Layers rooms_below_control() {
  return {
      {"core/memory", {}},
      {"core/system", {"core"}},
      {"plugins", {}},
      {"plugins/check", {"plugins"}},
      {"transport", {}},
      {"transport/zmq", {"transport"}},
      {"storage/engine", {"storage", "storage/overlay", "storage/wal"}},
      {"storage/overlay", {"storage"}},
      {"storage/rados", {"storage/shared"}},
      {"storage/shared", {"storage", "storage/wal"}},
      {"storage/wal", {"storage"}},
      {"rows/masks", {}},
      {"rows/policy", {}},
      {"rows/hooks", {"rows/policy"}},
      {"rows/requests", {}},
      {"rows", {"rows/masks", "rows/policy", "rows/hooks", "rows/requests"}},
      {"rows/conflicts", {"rows", "rows/policy"}},
      {"rows/scores", {"rows", "rows/masks", "rows/policy"}},
      {"rows/stage", {"rows", "rows/conflicts", "rows/masks", "rows/policy", "rows/scores"}},
      {"regions/state", {}},
      {"regions/conflicts", {"regions/state"}},
      {"regions/wire", {"regions/state"}},
      {"regions/delivery", {"regions/state", "regions/wire", "regions/exchange"}},
      {"regions/members", {"regions/state", "regions/wire"}},
      {"regions/clocks",
       {"regions/state", "regions/wire", "regions/members", "regions/exchange", "regions/log"}},
      {"regions/exchange", {"regions/state", "regions/wire", "regions/members"}},
      {"regions/log", {"regions/state", "regions/members", "regions/exchange"}},
      {"regions/presence", {"regions/wire", "regions/exchange"}},
      {"regions/snapshot", {"regions/state", "regions/wire", "regions/exchange"}},
      {"regions/verify",
       {"regions/state", "regions/conflicts", "regions/wire", "regions/exchange"}},
      {"regions/rejoin",
       {"regions/state", "regions/wire", "regions/members", "regions/clocks", "regions/delivery",
        "regions/exchange", "regions/log", "regions/snapshot"}},
      {"leader/threads", {}},
      {"leader/watch", {"leader/threads"}},
      {"leader/health", {}},
      {"leader/backup", {"leader/health", "leader/threads"}},
      {"leader/scrub", {"leader/backup", "leader/health", "leader/threads"}},
      {"leader/scopes", {}},
      {"leader/salvage", {"leader/scopes"}},
      {"leader/sweeps", {"leader/salvage", "leader/scopes"}},
      {"leader/pace", {"leader/health", "leader/sweeps"}},
      {"leader/members", {"leader/pace", "leader/threads"}},
      {"leader/documents", {"leader", "leader/scopes", "leader/threads", "leader/watch"}},
  };
}

Layers rooms_of_control_and_server() {
  return {
      {"control/resp", {}},
      {"control/verbs", {"control/resp"}},
      {"server/resp/table", {}},
      {"server/resp/observe", {"server"}},
      {"server/resp/access", {"server", "server/resp/table"}},
      {"server/resp/socket", {"server"}},
      {"server/resp/members", {"server", "server/resp"}},
      {"server/resp/web", {"server", "server/resp/table", "server/resp/access"}},
      {"server/resp",
       {"server", "server/resp/table", "server/resp/observe", "server/resp/access",
        "server/resp/concern", "server/resp/members", "server/resp/socket", "server/resp/web",
        "server/resp/slices"}},
      {"server/resp/concern", {"server", "server/resp", "server/resp/access", "server/resp/table"}},
      {"server/resp/slices", {"server", "server/resp", "server/resp/concern", "server/resp/table"}},
      {"server/resp/commands", {"server/resp", "server/resp/slices"}},
      {"server/resp/commands/keys",
       {"server", "server/resp", "server/resp/slices", "server/resp/commands"}},
      {"server/resp/commands/values",
       {"server/resp", "server/resp/slices", "server/resp/commands"}},
      {"server/resp/commands/connection",
       {"server/resp", "server/resp/concern", "server/resp/slices", "server/resp/commands"}},
      {"server/resp/commands/server",
       {"server", "server/resp", "server/resp/table", "server/resp/observe", "server/resp/access",
        "server/resp/concern", "server/resp/members", "server/resp/slices",
        "server/resp/commands"}},
      {"server/resp/commands/anabranch",
       {"server/resp", "server/resp/concern", "server/resp/commands",
        "server/resp/commands/connection"}},
      {"server/service", {}},
      {"server/cli",
       {"server", "server/resp", "server/resp/access", "server/resp/socket", "server/service",
        "server/cli/backup", "server/cli/config", "server/cli/demo", "server/cli/health",
        "server/cli/import", "server/cli/manual", "server/cli/salvage"}},
      {"server/cli/backup", {"server", "server/cli"}},
      {"server/cli/config", {"server", "server/cli"}},
      {"server/cli/demo", {"server/cli"}},
      {"server/cli/health", {"server", "server/cli", "server/cli/config"}},
      {"server/cli/status", {"server", "server/cli"}},
      {"server/cli/manual", {"server", "server/resp", "server/cli", "server/cli/config"}},
      {"server/cli/import", {"server", "server/resp/access", "server/cli"}},
      {"server/cli/plugin", {"server/cli"}},
      {"server/cli/conflicts", {"server", "server/cli"}},
      {"server/cli/salvage", {"server", "server/cli"}},
  };
}

const Layers& inner_rooms() {
  static const Layers table = [] {
    Layers all = rooms_below_control();
    std::ranges::move(rooms_of_control_and_server(), std::back_inserter(all));
    return all;
  }();
  return table;
}

// Beginning of a foreign header's name, and the only files that may include it.
struct Room {
  std::string_view header;
  Names files;
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> table{
      {"lmdb.h", {"storage/lmdb_env.", "bench/raw_lmdb.", "tests/fixtures/compact."}},
      {"zmq", {"transport/zmq/"}},
      {"msgpack", {"core/codec."}},
      {"zstd", {"transport/compression."}},
      {"spdlog/", {"core/log.cc"}},
      {"fmt/", {"core/log.cc"}},
      {"toml++/", {"server/config_sources."}},
      {"CLI/", {"server/", "examples/board/main."}},
      {"libwebsockets", {"examples/board/page.", "http/connections.", "http/received."}},
      {"prometheus/", {"http/metrics."}},
      {"openssl/",
       {"server/resp/access/password.", "server/resp/socket/tls_", "tests/server/",
        "tests/fuzz/tls."}},
      {"wabt/", {"plugins/", "tests/plugins/"}},
      {"rados/", {"storage/rados/"}},
      {"doctest/", {"tests/"}},
  };
  return table;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// `line` contains `word`, not as a part of a longer one.
bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !is_word(line[at - 1]) || !is_word(word.front());
    const bool ends = end == line.size() || !is_word(line[end]) || !is_word(word.back());
    if (begins && ends) return true;
  }
  return false;
}

// One violation for each line of `text` in which one of `words` stands.
Violations lines_with(std::string_view text, const Names& words) {
  Violations found;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto word : words) {
      if (has_word(lines[i], word)) found.push_back({i + 1, "`" + std::string{word} + "`"});
    }
  }
  return found;
}

bool lies_in(const Source& source, const Names& prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return source.in(prefix); });
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.find('/');
  return slash == path.npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view{} : path.substr(0, slash);
}

// Whether a file of a room may include a file of the same layer.
bool room_sees(std::string_view path, std::string_view include) {
  const auto from = parent_of(path);
  const auto to = parent_of(include);
  const auto room = std::ranges::find(inner_rooms(), from, &Layer::folder);
  return room == inner_rooms().end() || to == from || std::ranges::count(room->sees, to) > 0;
}

Violations includes_point_down(const Source& source, const Repository&) {
  Violations found;
  if (!source.is_cpp()) return found;
  const auto folder = folder_of(source.path);
  const auto layer = std::ranges::find(layers(), folder, &Layer::folder);
  for (const auto& include : includes_of(source.text)) {
    const bool by_angle = include.name.starts_with("anabranch/");
    if (!include.quoted && !by_angle) continue;
    const auto target = by_angle ? std::string_view{"include"} : folder_of(include.name);
    const bool within = target == folder && room_sees(source.path, include.name);
    const bool allowed =
        layer != layers().end() && (within || std::ranges::count(layer->sees, target) > 0);
    if (!allowed) found.push_back({include.line, source.path + " includes " + include.name});
    if (by_angle == include.quoted) {
      found.push_back({include.line, "<anabranch/...> and \"folder/...\" are the only forms"});
    }
  }
  return found;
}

Violations foreign_headers_stay_in_their_rooms(const Source& source, const Repository&) {
  Violations found;
  if (!source.is_cpp()) return found;
  for (const auto& include : includes_of(source.text)) {
    for (const auto& room : rooms()) {
      const bool foreign = !include.quoted && include.name.starts_with(room.header);
      if (foreign && !lies_in(source, room.files)) found.push_back({include.line, include.name});
    }
  }
  return found;
}

Violations public_headers_are_standard(const Source& source, const Repository&) {
  Violations found;
  // C for modules: their own compiler has these.
  const Names guest{"stddef.h", "stdint.h"};
  if (!source.in("include/") || !source.is_cpp()) return found;
  for (const auto& include : includes_of(source.text)) {
    const bool standard = !include.quoted && include.name.find_first_of("./") == std::string::npos;
    const bool ours = include.name.starts_with("anabranch/");
    const bool is_guest = source.in("include/anabranch/guest/") && !include.quoted &&
                          std::ranges::count(guest, include.name) > 0;
    if (!standard && !ours && !is_guest) found.push_back({include.line, include.name});
  }
  return found;
}

Violations lines_are_short(const Source& source, const Repository&) {
  Violations found;
  if (!source.is_code()) return found;
  const auto lines = lines_of(source.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    const auto columns = lines[i].size() - std::ranges::count_if(lines[i], continues);
    if (columns > kColumnsMax) found.push_back({i + 1, std::to_string(columns) + " columns"});
  }
  return found;
}

Violations files_are_short(const Source& source, const Repository&) {
  const auto lines = lines_of(source.text).size();
  if (!source.is_code() || lines <= kFileLinesMax) return {};
  return {{0, std::to_string(lines) + " lines"}};
}

Violations functions_are_short(const Source& source, const Repository&) {
  Violations found;
  if (!source.is_cpp()) return found;
  const auto limit = source.in("server/resp/") ? kRespFunctionLinesMax : kFunctionLinesMax;
  for (const auto& function : functions_of(source.text)) {
    if (function.length <= limit) continue;
    found.push_back({function.line, "a function of " + std::to_string(function.length) + " lines"});
  }
  return found;
}

Violations headers_guard_themselves(const Source& source, const Repository&) {
  const auto lines = lines_of(source.text);
  if (!source.ends_with({".h"}) || std::ranges::count(lines, "#pragma once") == 1) return {};
  return {{0, "no `#pragma once`"}};
}

Violations the_core_is_deterministic(const Source& source, const Repository&) {
  const Names folders{"core/", "plugins/", "crdt/",  "storage/",
                      "rows/", "regions/", "types/", "leader/"};
  const Names excepted{"core/wall_clock.", "leader/pace/machine.", "leader/threads/watchdog.",
                       "leader/threads/call_threads.", "leader/watch/event_watch."};
  if (!source.is_cpp() || !lies_in(source, folders) || lies_in(source, excepted)) return {};
  return lines_with(
      code_of(source.text),
      {"system_clock", "steady_clock", "high_resolution_clock", "clock_gettime", "gettimeofday",
       "rand", "srand", "random_device", "getrandom", "randombytes_", "randombytes_buf", "sleep",
       "usleep", "nanosleep", "sleep_for", "sleep_until"});
}

// clang 14 cannot compile the views of libstdc++ 12, nor an algorithm that gives a subrange of a
// container, and clang-tidy and the fuzzers need clang.
Violations no_views(const Source& source, const Repository&) {
  if (!source.is_cpp()) return {};
  return lines_with(code_of(source.text),
                    {"std::views", "ranges::views", "ranges::unique", "ranges::subrange"});
}

// A source file, public header or scenario is named, from its folder or one above, in the
// CMakeLists.txt there; a list of examples may leave out the ending. Plugins have a Makefile.
Violations sources_are_built(const Source& source, const Repository& repository) {
  if (source.in("examples/plugins/")) return {};
  const bool is_public = source.in("include/") && source.ends_with({".h"});
  const bool is_scenario =
      source.in("tests/scenarios/") && source.ends_with({".txt"}) && !source.is_code();
  if (!is_public && !is_scenario && !source.ends_with({".cc"})) return {};
  namespace fs = std::filesystem;
  for (fs::path folder = fs::path{source.path}.parent_path();; folder = folder.parent_path()) {
    const auto list = repository.find((folder / "CMakeLists.txt").generic_string());
    if (list != repository.end()) {
      const fs::path name = fs::path{source.path}.lexically_relative(folder.empty() ? "." : folder);
      const fs::path stem = name.parent_path() / name.stem();
      const std::string& text = list->second.text;
      if (has_word(text, name.generic_string()) || has_word(text, stem.generic_string())) return {};
    }
    if (folder.empty()) return {{0, "no CMakeLists.txt names it"}};
  }
}

bool exists(const std::string& path, const Repository& repository) {
  const auto below = path.ends_with('/') ? path : path + '/';
  const auto at = repository.lower_bound(below);
  const bool folder = at != repository.end() && at->first.starts_with(below);
  return path.empty() || path == "." || folder || repository.contains(path);
}

Violations markdown_links_resolve(const Source& source, const Repository& repository) {
  Violations found;
  if (!source.ends_with({".md"})) return found;
  static const std::regex link{R"(\]\(([^)#\s]*)(#[^)]*)?\))"};
  static const std::regex code{"`[^`]*`"};
  const auto folder = std::filesystem::path{source.path}.parent_path();
  const auto lines = lines_of(source.text);
  bool fenced = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("```")) fenced = !fenced;
    if (fenced) continue;
    const std::string line = std::regex_replace(std::string{lines[i]}, code, "``");
    for (std::sregex_iterator it{line.begin(), line.end(), link}, end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.empty() || target.find(':') != target.npos) continue;
      const auto path = (folder / target).lexically_normal().generic_string();
      if (!exists(path, repository)) found.push_back({i + 1, target});
    }
  }
  return found;
}

Violations headers_are_listed(const Source& source, const Repository& repository) {
  const std::string folder{"include/"};
  if (!source.in(folder) || !source.ends_with({".h"})) return {};
  const auto page = repository.find(folder + "README.md");
  const std::string link = "](" + source.path.substr(folder.size()) + ')';
  const bool listed = page != repository.end() && page->second.text.find(link) != std::string::npos;
  return listed ? Violations{} : Violations{{0, "include/README.md has no link to it"}};
}

// What is wrong with a row of docs/where.md; empty if its file has its function.
std::string wrong_place(std::string_view row, const Repository& repository) {
  static const std::regex place{R"(\]\(\.\./([^)]*)\) \| `([\w:]+)` \|$)"};
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_search(row.begin(), row.end(), match, place)) return "no file and function";
  const std::string path = match[1];
  const std::string function = match[2];
  const auto file = repository.find(path);
  if (file == repository.end()) return path + " is not there";
  const bool has = has_word(code_of(file->second.text), function + '(');
  return has ? std::string() : path + " has no function " + function;
}

// The rows of its tables: what stands below a line of dashes.
Violations places_are_right(const Source& source, const Repository& repository) {
  Violations found;
  if (source.path != "docs/where.md") return found;
  const auto lines = lines_of(source.text);
  bool in_table = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool begins = lines[i].starts_with("|--");
    in_table = begins || (in_table && lines[i].starts_with('|'));
    if (begins || !in_table) continue;
    const std::string wrong = wrong_place(lines[i], repository);
    if (!wrong.empty()) found.push_back({i + 1, wrong});
  }
  return found;
}

Violations folders_are_nouns(const Source& source, const Repository&) {
  const Names forbidden{"utils", "util", "common", "misc", "helpers", "lib", "src"};
  Violations found;
  for (const auto& part : std::filesystem::path{source.path}.parent_path()) {
    if (std::ranges::count(forbidden, part.string()) > 0) found.push_back({0, part.string()});
  }
  return found;
}

// How many .cc files are in the folder of the product that `source` is the first one of; 0 for all
// others, so that a folder is told of once. Folders below it count for themselves.
std::size_t sources_of_folder(const Source& source, const Repository& repository) {
  const Names products{"core/",    "plugins/", "crdt/",   "storage/", "transport/", "rows/",
                       "regions/", "types/",   "leader/", "control/", "http/",      "server/"};
  if (!lies_in(source, products) || !source.ends_with({".cc"})) return 0;
  const auto folder = parent_of(source.path);
  std::size_t sources = 0;
  for (const auto& [path, other] : repository) {
    if (parent_of(path) != folder || !other.ends_with({".cc"})) continue;
    if (sources++ == 0 && path != source.path) return 0;
  }
  return sources;
}

Violations folders_are_small(const Source& source, const Repository& repository) {
  const auto sources = sources_of_folder(source, repository);
  if (sources <= kFolderSourcesMax) return {};
  return {{0, std::to_string(sources) + " .cc files in " + std::string{parent_of(source.path)}}};
}

Violations inner_rooms_are_known(const Source& source, const Repository& repository) {
  const std::string folder{parent_of(source.path)};
  if (sources_of_folder(source, repository) == 0 || parent_of(folder).empty()) return {};
  Violations found;
  if (!repository.contains(folder + "/README.md")) found.push_back({0, "no README.md"});
  const auto row = std::ranges::find(inner_rooms(), folder, &Layer::folder);
  if (row == inner_rooms().end()) found.push_back({0, "no row for " + folder});
  return found;
}

// The README of a room names the folders of its layer that its row has, and no other ones.
Violations rooms_tell_their_includes(const Source& source, const Repository&) {
  const auto room = std::ranges::find(inner_rooms(), parent_of(source.path), &Layer::folder);
  const bool is_inner = room != inner_rooms().end() && !parent_of(room->folder).empty();
  if (!is_inner || !source.ends_with({"/README.md"})) return {};
  Names others;
  for (const Layer& other : inner_rooms()) {
    const bool of_layer =
        (std::string{other.folder} + '/').starts_with(std::string{folder_of(source.path)} + '/');
    if (of_layer && std::ranges::count(room->sees, other.folder) == 0)
      others.push_back(other.folder);
  }
  return wrong_includes(source, room->sees, others);
}

// In regions every commit goes through the gate, where all parts of the replica are asked.
Violations one_gate_to_the_disk(const Source& source, const Repository&) {
  Violations found;
  const Names gate{"regions/state/committed."};
  if (!source.is_cpp() || !source.in("regions/") || lies_in(source, gate)) return found;
  static const std::regex call{
      R"((storage\w*(\(\))?(\.|->)(commit|trim|clear_next)|(\.|->)swap)\()"};
  const std::string code = code_of(source.text);
  const auto lines = lines_of(code);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line{lines[i]};
    if (std::regex_search(line, call)) found.push_back({i + 1, line});
  }
  return found;
}

// Nothing in the repository points outside of it.
Violations nothing_points_outside(const Source& source, const Repository&) {
  return lines_with(source.text, {"../"
                                  "shared",
                                  "/work/"
                                  "shared"});
}

// ctest takes a name apart at ';', doctest takes '*' and ',' for patterns (the comma is escaped).
Violations test_names_are_plain(const Source& source, const Repository&) {
  Violations found;
  if (!source.in("tests/") || !source.ends_with({".cc"})) return found;
  static const std::regex declaration{R"(TEST_CASE\w*\("((?:[^"\\]|\\.)*)\")"};
  std::set<std::string> names;
  const auto lines = lines_of(source.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::match_results<std::string_view::const_iterator> match;
    if (!std::regex_search(lines[i].begin(), lines[i].end(), match, declaration)) continue;
    const std::string name = match[1];
    if (name.find_first_of(";*[]\\$\"") != name.npos) found.push_back({i + 1, name});
    if (!names.insert(name).second) found.push_back({i + 1, "twice: " + name});
  }
  return found;
}

constexpr std::array kRules{
    Rule{"layers", "an include points down the table of layers", includes_point_down},
    Rule{"rooms", "a foreign header is included in its room", foreign_headers_stay_in_their_rooms},
    Rule{"public", "a public header includes the standard library only",
         public_headers_are_standard},
    Rule{"columns", "a line has at most 100 columns", lines_are_short},
    Rule{"files", "a file has at most 600 lines", files_are_short},
    Rule{"functions", "a function has at most 60 lines, 40 in server/resp", functions_are_short},
    Rule{"guards", "a header says #pragma once", headers_guard_themselves},
    Rule{"determinism", "clocks, randomness and sleep stay in wall_clock and leader",
         the_core_is_deterministic},
    Rule{"views", "no std::views, and no subranges", no_views},
    Rule{"gate", "in regions only CommittedState commits, swaps and trims", one_gate_to_the_disk},
    Rule{"built", "a source file, public header or scenario is named in a CMakeLists.txt",
         sources_are_built},
    Rule{"links", "a relative link in Markdown leads to a file", markdown_links_resolve},
    Rule{"anchors", "the anchor of a link is a heading", anchors_are_headings},
    Rule{"sections", "a page of docs that a file names is there, and so is its section",
         named_sections_are_there},
    Rule{"kinds", "each kind of warning has a section in docs/operations/alarms.md",
         kinds_are_sections},
    Rule{"code names", "a name of code in a document occurs in a source", code_names_occur},
    Rule{"functions beside", "a function named before a link to a file is in it",
         functions_are_beside_their_files},
    Rule{"references", "a test that a document names by a link is in the linked file",
         tests_are_there},
    Rule{"titles", "a document begins with its title", documents_have_titles},
    Rule{"pages", "a page about the architecture is short, and its overview has a link to it",
         pages_are_short},
    Rule{"headers", "include/README.md names each public header", headers_are_listed},
    Rule{"places", "a file that docs/where.md names has the function", places_are_right},
    Rule{"folders", "a folder has a name that says what is in it", folders_are_nouns},
    Rule{"crowds", "a folder of the product has at most 20 .cc files", folders_are_small},
    Rule{"inner rooms", "a folder inside a layer has a README.md and a row of includes",
         inner_rooms_are_known},
    Rule{"room lists", "the README of a room names the folders of its layer that it may include",
         rooms_tell_their_includes},
    Rule{"outside", "the repository is self-contained", nothing_points_outside},
    Rule{"names", "a test name is plain and stands once in its file", test_names_are_plain},
    Rule{"words", "few words are `what`, `who`, `which` or a form of these", words_are_plain},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace anabranch::tidy
