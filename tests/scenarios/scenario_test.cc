// The player of scenarios: errors in scripts are found, and named by file and line.

#include <doctest/doctest.h>

#include <string>

#include "tests/scenarios/scenario.h"
#include "tests/scenarios/verb.h"

namespace anabranch::scenario_test {

using namespace test;

namespace {

constexpr const char* kScript =
    "# Two lines that\n"
    "# state the subject.\n"
    "regions eu us\n"
    "\n"
    "eu: set cart apple\n"
    "eu us: show cart\n"
    "  eu: apple\n"
    "  us: apple\n";

std::string wrong(const std::string& text) { return play(Script(text), "a.txt").wrong; }

std::string replaced(std::string text, const std::string& before, const std::string& after) {
  return text.replace(text.find(before), before.size(), after);
}

}  // namespace

TEST_SUITE("scenarios") {
  TEST_CASE("a correct script has no error, and comes out as it was") {
    const Script script(kScript);
    CHECK(script.comment().size() == 2);
    const Played played = play(script, "a.txt");
    CHECK(played.wrong == "");
    CHECK(script.with(played.printed) == kScript);
  }

  TEST_CASE("a wrong output is named by file and line, and mended by rewriting") {
    const std::string text = replaced(kScript, "eu: apple", "eu: pear\n  more");
    CHECK(wrong(text) ==
          "a.txt:6: eu us: show cart\n"
          "  expected:\n    eu: pear\n    more\n    us: apple\n"
          "  printed:\n    eu: apple\n    us: apple");
    const Script script(text);
    CHECK(script.with(play(script, "a.txt").printed) == kScript);
  }

  TEST_CASE("a command that cannot be understood is named by file and line") {
    CHECK(wrong("regions eu\n\nturn eu\n") == "a.txt:3: turn eu: there is no direction turn");
    CHECK(wrong("regions eu\neu: sing a\n") == "a.txt:2: eu: sing a: there is no verb sing");
    CHECK(wrong("regions eu\neu: set a\n") == "a.txt:2: eu: set a: write: set KEY VALUE");
    CHECK(wrong("regions eu\neu: incr a b\n") == "a.txt:2: eu: incr a b: no number: b");
    CHECK(wrong("cut eu\n") == "a.txt:1: cut eu: write: cut ONE OTHER");
    CHECK(wrong("us: show a\n") == "a.txt:1: us: show a: there is no region us");
    CHECK(wrong("wait 3 days\n") == "a.txt:1: wait 3 days: write: wait TIME");
    CHECK(wrong("wait 3d\n") == "a.txt:1: wait 3d: a time ends with ms, s, m or h: 3d");
  }

  TEST_CASE("nobody waits for a region that does not run, and it is not asked") {
    const std::string text = "regions eu us\neu: set a 1\ncrash us\nsettle\n";
    CHECK(wrong(text) == "");
    CHECK(wrong(text + "us: show a\n") == "a.txt:5: us: show a: us does not run");
  }

  TEST_CASE("a transaction that fails writes nothing, and its error is printed") {
    CHECK(wrong("regions eu\n"
                "eu: add tags red\n"
                "eu: set a 1; incr tags 1\n"
                "  error: the key tags holds a set, not a string\n"
                "eu: show a\n"
                "  -\n") == "");
  }
}

}  // namespace anabranch::scenario_test
