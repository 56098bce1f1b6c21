// The house rules, held by a test: every rule of tests/tidy/rules.cc over every file of the
// repository, and for each rule planted violations that it must notice.

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"
#include "tests/tidy/words.h"

namespace anabranch::tidy_test {

using namespace tidy;

namespace {

const Rule& rule(std::string_view name) {
  const auto found = std::ranges::find(rules(), name, &Rule::name);
  REQUIRE_MESSAGE(found != rules().end(), "no rule is called ", std::string{name});
  return *found;
}

// The violations of rule `name` in the one file `path`, in a repository of this file and `others`.
Violations check(std::string_view name, std::string path, std::string text,
                 const std::vector<Source>& others = {}) {
  Repository repository;
  for (const auto& other : others) repository.emplace(other.path, other);
  const auto planted = repository.emplace(path, Source{path, std::move(text)}).first;
  return rule(name).check(planted->second, repository);
}

std::string function_of(std::size_t lines) {
  return "int f(int x) {\n" + std::string(lines - 2, '\n') + "}\n";
}

// A small file that breaks a rule, and one beside it that does not.
struct Pair {
  std::string_view rule;
  std::string path;
  std::string bad;
  std::string good;
};

std::vector<Pair> pairs() {
  const std::string wide(101, 'x');
  return {
      {"layers", "core/a.cc", "#include \"crdt/row.h\"\n", "#include \"core/dot.h\"\n"},
      {"layers", "storage/a.h", "#include \"crdt/row.h\"\n", "#include <anabranch/error.h>\n"},
      {"layers", "examples/a.cc", "#include \"core/dot.h\"\n", "#include <anabranch/store.h>\n"},
      {"layers", "regions/a.cc", "#include \"dot.h\"\n", "// #include \"server/config.h\"\n"},
      {"layers", "core/a.cc", "#include \"anabranch/error.h\"\n", "#include <vector>\n"},
      {"layers", "regions/wire/a.h", "#include \"regions/exchange/peer.h\"\n",
       "#include \"regions/state/head.h\"\n"},
      {"layers", "regions/exchange/a.cc", "#include \"regions/replica.h\"\n",
       "#include \"regions/exchange/peer.h\"\n"},
      {"layers", "transport/a.cc", "#include \"transport/zmq/zmq_socket.h\"\n",
       "#include \"transport/frame.h\"\n"},
      {"layers", "transport/zmq/a.cc", "#include \"storage/storage.h\"\n",
       "#include \"transport/frame.h\"\n"},
      {"layers", "rows/a.h", "#include \"rows/stage/stage.h\"\n",
       "#include \"rows/masks/masks.h\"\n"},
      {"layers", "leader/watch/a.cc", "#include \"leader/store_impl.h\"\n",
       "#include \"leader/threads/lock_order.h\"\n"},
      {"layers", "server/resp/a.cc", "#include \"server/resp/commands/server/info.h\"\n",
       "#include \"server/steady_clock.h\"\n"},
      {"rooms", "regions/a.cc", "#include <lmdb.h>\n", "#include <map>\n"},
      {"rooms", "regions/a.cc", "#include <zmq.hpp>\n", "#include \"transport/frame.h\"\n"},
      {"rooms", "core/log.h", "#include <spdlog/spdlog.h>\n", "#include <string>\n"},
      {"rooms", "core/hash.cc", "#  include <msgpack.hpp>\n", "#include <xxhash.h>\n"},
      {"public", "include/anabranch/a.h", "#include <sys/types.h>\n", "#include <string>\n"},
      {"public", "include/anabranch/a.h", "#include \"core/dot.h\"\n",
       "#include <anabranch/error.h>\n"},
      {"columns", "core/a.h", wide, wide.substr(1)},
      {"columns", "tests/run.sh", wide, "äöü" + wide.substr(4)},
      {"files", "core/a.cc", std::string(601, '\n'), std::string(600, '\n')},
      {"functions", "core/a.cc", function_of(61), function_of(60)},
      {"functions", "server/resp/a.cc", function_of(41), function_of(40)},
      {"guards", "core/a.h", "int f();\n", "// A.\n#pragma once\n"},
      {"determinism", "regions/a.cc", "auto t = std::chrono::steady_clock::now();\n",
       "// A steady_clock would be wrong here.\n"},
      {"determinism", "core/a.cc", "int x = rand();\n", "int operand = 1;\n"},
      {"determinism", "crdt/a.h", "std::random_device d;\n", "auto s = \"random_device\";\n"},
      {"determinism", "storage/a.cc", "std::this_thread::sleep_for(1ms);\n", "asleep();\n"},
      {"views", "server/a.cc", "for (auto x : v | std::views::reverse) {}\n", "views.push(1);\n"},
      {"gate", "regions/a.cc", "storage_.commit({}, changes);\n", "state_.commit({});\n"},
      {"gate", "regions/log/a.cc", "owner.storage().trim(1);\n", "state_.trim(1);\n"},
      {"gate", "regions/a.h", "return disk->swap(changes);\n", "std::swap(one, other);\n"},
      {"views", "core/a.cc", "std::ranges::unique(numbers);\n", "std::unique(a, b);\n"},
      {"folders", "core/utils/a.h", "", ""},
      {"outside", "docs/a.md", std::string{"see ../"} + "shared/x\n", "a shared thing\n"},
      {"names", "tests/core/a_test.cc", "TEST_CASE(\"a; b\") {}\n", "TEST_CASE(\"a, b\") {}\n"},
      {"names", "tests/core/a_test.cc", "TEST_CASE(\"a\") {}\nTEST_CASE(\"a\") {}\n",
       "TEST_CASE(\"a\") {}\nTEST_CASE(\"b\") {}\n"},
      {"titles", "core/README.md", "#core\n\nThe words of all.\n", "# core\n\nThe words of all.\n"},
      {"words", "docs/a.md", "What it has for whoever asks.\n", "The rows for peers that ask.\n"},
      {"words", "regions/a/a.h", "int a;  // Whose it is, and what's in.\n",
       "int which;  // Whosoever, somewhat.\n"},
      {"words", "tests/a.cc", "// What.\n// WHO.\n", "auto a = \"//who whom whose\";\n"},
  };
}

}  // namespace

TEST_SUITE("tidy") {
  TEST_CASE("the repository keeps every rule") {
    const Repository repository = load_repository(ANABRANCH_ROOT);
    REQUIRE(repository.contains("CMakeLists.txt"));
    for (const auto& rule : rules()) {
      for (const auto& [path, source] : repository) {
        for (const auto& violation : rule.check(source, repository)) {
          const auto message = path + ":" + std::to_string(violation.line) + ": " + violation.what;
          FAIL_CHECK(message, " (", std::string{rule.sentence}, ")");
        }
      }
    }
  }

  TEST_CASE("each rule notices what is planted and leaves its neighbour alone") {
    for (const auto& pair : pairs()) {
      CAPTURE(pair.rule);
      CAPTURE(pair.bad);
      CHECK(check(pair.rule, pair.path, pair.bad).size() == 1);
      if (pair.rule != "folders") CHECK(check(pair.rule, pair.path, pair.good).empty());
    }
    CHECK(check("folders", "core/codec/a.h", "").empty());
  }

  TEST_CASE("the rooms and the exceptions of determinism are open") {
    CHECK(check("rooms", "storage/lmdb_env.cc", "#include <lmdb.h>\n").empty());
    CHECK(check("rooms", "transport/zmq/zmq_transport.cc", "#include <zmq.hpp>\n").empty());
    CHECK(check("gate", "regions/state/committed.cc", "storage_.swap(changes);\n").empty());
    CHECK(check("gate", "storage/a.cc", "storage.commit({}, changes);\n").empty());
    CHECK(check("determinism", "core/wall_clock.cc", "system_clock::now();\n").empty());
    CHECK(check("determinism", "leader/pace/machine.h", "steady_clock::now();\n").empty());
    CHECK(check("determinism", "server/loop.cc", "steady_clock::now();\n").empty());
  }

  TEST_CASE("a source file or public header that no list names is noticed") {
    const Source list{"core/CMakeLists.txt", "anabranch_layer(core\n  SOURCES dot.cc x/y.cc)\n"};
    CHECK(check("built", "core/dot.cc", "", {list}).empty());
    CHECK(check("built", "core/x/y.cc", "", {list}).empty());
    CHECK(check("built", "core/ot.cc", "", {list}).size() == 1);
    CHECK(check("built", "core/dot_test.cc", "", {list}).size() == 1);
    CHECK(check("built", "core/secret.h", "", {list}).empty());
    CHECK(check("built", "include/anabranch/secret.h", "", {list}).size() == 1);
    CHECK(check("built", "tests/scenarios/a.txt", "").size() == 1);
  }

  TEST_CASE("a folder of the product with too many source files is noticed once") {
    const auto violations = [](const std::string& folder, std::size_t files) {
      Repository repository;
      for (std::size_t i = 0; i < files; ++i) {
        const std::string name = folder + static_cast<char>('a' + i);
        repository.emplace(name + ".cc", Source{name + ".cc", ""});
        repository.emplace(name + ".h", Source{name + ".h", ""});
      }
      repository.emplace(folder + "room/a.cc", Source{folder + "room/a.cc", ""});
      std::size_t found = 0;
      for (const auto& [path, source] : repository) {
        found += rule("crowds").check(source, repository).size();
      }
      return found;
    };
    CHECK(violations("core/", 20) == 0);
    CHECK(violations("core/", 21) == 1);
    CHECK(violations("server/resp/", 21) == 1);
    CHECK(violations("tests/core/", 21) == 0);
  }

  TEST_CASE("the words of a folder are counted together, and of each room of regions alone") {
    const Source wordy{"regions/b.h", "// What it has that whoever asks has not.\n"};
    const Source plain{"regions/a.h", "// The peer's missing seqs.\n"};
    const Source room{"regions/wire/b.h", "// What is it, and whose?\n"};
    CHECK(check("words", "regions/a.h", plain.text, {wordy}).size() == 1);
    CHECK(check("words", "regions/b.h", wordy.text, {plain}).empty());
    CHECK(check("words", "regions/a.h", plain.text, {room}).empty());
    CHECK(check("words", "regions/wire/b.h", room.text, {plain, wordy}).size() == 1);
  }

  TEST_CASE("a room without a README or a row of includes is noticed") {
    const Source readme{"rows/scores/README.md", ""};
    CHECK(check("inner rooms", "rows/scores/a.cc", "", {readme}).empty());
    CHECK(check("inner rooms", "rows/scores/a.cc", "").size() == 1);
    CHECK(check("inner rooms", "rows/secret/a.cc", "", {{"rows/secret/README.md", ""}}).size() ==
          1);
    CHECK(check("inner rooms", "rows/a.cc", "").empty());
    CHECK(check("inner rooms", "tests/rows/a.cc", "").empty());
  }

  TEST_CASE("a README that names other folders than the room's row is noticed") {
    const auto count = [](const std::string& path, const std::string& sentence) {
      return check("room lists", path, "# a\n\n- Start with `b.h`. " + sentence + "\n").size();
    };
    const std::string wire = "regions/wire/README.md";
    CHECK(count(wire, "May include `state`, and the\n  layers below `regions`.") == 0);
    CHECK(count(wire, "May include the layers below `regions`.") == 1);
    CHECK(count(wire, "May include `state`, `exchange`, and `core`.") == 1);
    CHECK(count(wire, "May include [state](../state/).") == 1);
    CHECK(count(wire, "It sees `state`.") == 1);
    CHECK(count("rows/masks/README.md", "May include nothing of `rows`; see `policy`.") == 0);
    CHECK(count("regions/README.md", "It sees all rooms.") == 0);
  }

  TEST_CASE("a link that leads nowhere is noticed") {
    const Source target{"docs/semantics.md", ""};
    CHECK(check("links", "docs/a.md", "[x](semantics.md#rows)\n", {target}).empty());
    CHECK(check("links", "README.md", "[x](docs/) [y](https://a.b/c)\n", {target}).empty());
    CHECK(check("links", "README.md", "```\n[x](absent.md)\n```\n").empty());
    CHECK(check("links", "docs/a.md", "[x](docs/semantics.md)\n", {target}).size() == 1);
    CHECK(check("links", "docs/a.md", "[x](absent.md)\n").size() == 1);
  }

  TEST_CASE("a link to a heading that is not there is noticed") {
    const Source page{"docs/b.md", "# The `b`, a page\n```\n# No heading\n```\n## Two_words\n"};
    const auto count = [&](const std::string& text) {
      return check("anchors", "docs/a.md", "# Here\n" + text, {page}).size();
    };
    CHECK(count("[x](b.md#the-b-a-page) [y](#here)\n[z](b.md#two_words)\n") == 0);
    CHECK(count("[x](b.md#no-heading)\n") == 1);
    CHECK(count("[x](b.md#two-words) [y](#there)\n") == 2);
    CHECK(count("[x](../core/a.h#there) [y](https://a.b/c#d)\n```\n[z](#there)\n```\n") == 0);
  }

  TEST_CASE("a file that names a section that is not there is noticed") {
    const Source page{"docs/b/c.md", "# A page\n## log_lost\n"};
    const auto count = [&](const std::string& text) {
      return check("sections", "server/a.cc", text, {page}).size();
    };
    CHECK(count("\"see docs/b/c.md, docs/b/c.md#a-page\";  // docs/b/c.md#log_lost.\n") == 0);
    CHECK(count("\"see docs/b/c.md#lost\"; \"docs/b.md\";\n") == 2);
    CHECK(check("sections", "packaging/a.yml", "see docs/b/c.md#lost\n", {page}).size() == 1);
    CHECK(check("sections", "CHANGELOG.md", "Was in docs/b.md.\n", {page}).empty());
  }

  TEST_CASE("a kind of warning without a section, and a section without a kind, are noticed") {
    const std::vector<Source> sources{
        {"leader/a.cc",
         "warnings.push_back({\"away\", about});\nadd_sentences(\n    {\"clock\"});\n"},
        {"leader/b.cc", "return {\"member_key\", \"two\"};  // Of warnings.\n"},
        {"leader/c.cc", "all.push_back({\"no_kind\"});\n"}};
    const auto count = [&](const std::string& text) {
      return check("kinds", "docs/operations/alarms.md", "# Alarms\n" + text, sources).size();
    };
    CHECK(count("## away\n## clock\n## member_key\n## Other lines\n") == 0);
    CHECK(count("## away\n## member_key\n") == 1);
    CHECK(count("## away\n## clock\n## member_key\n## gone\n") == 1);
    CHECK(check("kinds", "docs/operations/keys.md", "## gone\n", sources).empty());
  }

  TEST_CASE("a name of code that no source has is noticed, with the first document") {
    const std::vector<Source> sources{{"core/a.h", "class A {};\nint kThere;  // kGone, f_gone\n"},
                                      {"core/b.h", "int B() { return f_there; }\n"},
                                      {"server/c.cc", "auto key = \"lag_ms\";\n"},
                                      {"docs/names.md", "`kGone` is kThere.\n"}};
    const auto count = [&](const std::string& text) {
      return check("code names", "a.md", text, sources).size();
    };
    CHECK(count("`kThere`, `f_there(x)`, `A::kThere`, `anabranch_lag_ms`, `ANABRANCH_LAG_MS`\n") ==
          0);
    CHECK(count("`a word`, `x_`, `PascalCase`, kGone\n```\n`kGone`\n```\n") == 0);
    CHECK(count("`kGone` and `f_gone`\n") == 2);
    CHECK(count("`A::f_there`\n") == 1);
    CHECK(check("code names", "z.md", "`kGone`\n", sources).empty());
  }

  TEST_CASE("a function named before a link to another file is noticed") {
    const Source file{"core/a.cc", "int A::f() {}  // No g.\n"};
    const auto count = [&](const std::string& text) {
      return check("functions beside", "docs/a.md", text, {file}).size();
    };
    CHECK(count("`A::f`\n([a.cc](../core/a.cc))\n") == 0);
    CHECK(count("`A::g` ([a.cc](../core/a.cc))\n") == 1);
    CHECK(count("`A::g` ([a page](b.md)), `g` ([a.cc](../core/a.cc))\n") == 0);
  }

  TEST_CASE("a test that a document names and that is not there is noticed") {
    const std::vector<Source> others{
        {"tests/core/a_test.cc", "TEST_CASE(\"a b\") {}\nTEST_CASE(\n    \"c d\") {}\n"},
        {"tests/core/CMakeLists.txt", "anabranch_test(core_test\n  SOURCES a_test.cc)\n"},
        {"tests/x/a_test.cc", "TEST_CASE(\"e\") {}\n"},
        {"tests/x/CMakeLists.txt", "anabranch_test(x_y_test\n  LABEL core\n  SOURCES a_test.cc)\n"},
        {"tests/process/kill_test.py", ""},
        {"tests/process/CMakeLists.txt", "(LABEL process)\nanabranch_process_test(kill)\n"},
        {"tests/CMakeLists.txt", "anabranch_check(story/told\n  LABEL story)\n"},
        {"examples/told.sh", ""},
    };
    const auto count = [&](const std::string& name, const std::string& path) {
      return check("references", "docs/a.md", "x\n[`" + name + "`](../" + path + ")\n", others)
          .size();
    };
    CHECK(count("core/a b", "tests/core/a_test.cc") == 0);
    CHECK(count("core/a\nb", "tests/core/a_test.cc") == 0);
    CHECK(count("core/c d", "tests/core/a_test.cc") == 0);
    CHECK(count("core/e", "tests/x/a_test.cc") == 0);
    CHECK(count("process/kill", "tests/process/kill_test.py") == 0);
    CHECK(count("story/told", "examples/told.sh") == 0);
    CHECK(count("core/a", "tests/core/a_test.cc") == 1);
    CHECK(count("x_y/e", "tests/x/a_test.cc") == 1);
    CHECK(count("crdt/a b", "tests/core/a_test.cc") == 1);
    CHECK(count("core/a b", "tests/x/a_test.cc") == 1);
    CHECK(count("core/a b", "tests/core/b_test.cc") == 1);
    CHECK(count("process/kil", "tests/process/kill_test.py") == 1);
    CHECK(count("process/kill", "examples/told.sh") == 1);
    CHECK(count("story/kill", "tests/process/kill_test.py") == 1);
    CHECK(count("story/tol", "examples/told.sh") == 1);
    const auto below = [&](const std::string& text) {
      return check("references", "a.md", "x [`process/kill`] y\n\n" + text, others).size();
    };
    CHECK(below("[`process/kill`]: tests/process/kill_test.py\n") == 0);
    CHECK(below("[`process/kill`]: tests/core/a_test.cc\n") == 1);
    CHECK(below("[`process/kil`]: tests/process/kill_test.py\n") == 2);
    CHECK(below("") == 1);
    CHECK(check("references", "a.md", "```\n[`x/y`](z)\n```\n`x/y` [`x`](y/z)\n", others).empty());
  }

  TEST_CASE("a page about the architecture that is long, wide or not linked is noticed") {
    const Source overview{"docs/architecture.md", "[a](architecture/a.md)\n"};
    const auto count = [&](const std::string& path, const std::string& text) {
      return check("pages", path, text, {overview}).size();
    };
    CHECK(count("docs/architecture/a.md", std::string(250, '\n')) == 0);
    CHECK(count("docs/architecture/a.md", std::string(251, '\n')) == 1);
    CHECK(count("docs/architecture/a.md", std::string(121, 'x')) == 1);
    CHECK(count("docs/glossary.md", '|' + std::string(199, 'x')) == 0);
    CHECK(count("docs/glossary.md", '|' + std::string(200, 'x')) == 1);
    CHECK(count("docs/architecture/b.md", "# B\n") == 1);
    CHECK(count("docs/semantics.md", std::string(251, 'x')) == 0);
  }

  TEST_CASE("a public header that the list of headers lacks is noticed") {
    const Source list{"include/README.md", "- [b.h](anabranch/b.h): b.\n"};
    CHECK(check("headers", "include/anabranch/b.h", "", {list}).empty());
    CHECK(check("headers", "include/anabranch/a.h", "", {list}).size() == 1);
    CHECK(check("headers", "include/anabranch/b.h", "").size() == 1);
    CHECK(check("headers", "core/a.h", "", {list}).empty());
  }

  TEST_CASE("a function that is not where the page of places says is noticed") {
    const Source file{"core/a.cc", "int f() {}\nint A::g() {}\n// No h().\n"};
    const auto count = [&](const std::string& row) {
      const std::string table = "| where is | it? |\n|---|---|\n";
      return check("places", "docs/where.md", table + "| a | " + row + " |\n", {file}).size();
    };
    CHECK(count("[core/a.cc](../core/a.cc) | `f`") == 0);
    CHECK(count("[core/a.cc](../core/a.cc) | `A::g`") == 0);
    CHECK(count("[core/a.cc](../core/a.cc) | `h`") == 1);
    CHECK(count("[core/b.cc](../core/b.cc) | `f`") == 1);
    CHECK(count("[core/a.cc](../core/a.cc)") == 1);
  }

  TEST_CASE("functions are found among scopes, initialisers and literals") {
    const auto lengths = [](std::string_view text) {
      std::vector<std::size_t> found;
      for (const auto& function : functions_of(text)) found.push_back(function.length);
      return found;
    };
    using Lengths = std::vector<std::size_t>;
    CHECK(lengths("namespace a {\nclass B {\n public:\n  int f() {\n  }\n};\n}\n") == Lengths{2});
    CHECK(lengths("template <class T>\nT f(T t) {\n  if (t) {\n  }\n}\n") == Lengths{4});
    CHECK(lengths("constexpr int kTable[] = {\n1,\n2,\n};\n").empty());
    CHECK(lengths("const char* s = \"{\"; // {\nvoid f() { g('{', 1'000); }\n") == Lengths{1});
    CHECK(lengths("auto s = R\"x({ \" )x\";\nint f() {\n}\n") == Lengths{2});
    CHECK(lengths("A::A() : b_{1}, c_(2) {\n  d();\n}\n").back() == 3);
    CHECK(lengths("#define X(a) { \\\n  {\nvoid f() {\n}\n") == Lengths{2});
    CHECK(lengths("TEST_CASE(\"a\") {\n\n}\n") == Lengths{3});
  }
}

}  // namespace anabranch::tidy_test
