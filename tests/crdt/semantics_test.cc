// Executes the tables of docs/semantics.md: each line is a small world of two regions, run with the
// write of either seen by the other and with both concurrent. It guards the document: its promises
// hold in the code, in every region, on every way that the writes took.

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "crdt/choice.h"
#include "crdt/resolve.h"
#include "tests/crdt/markdown_table.h"
#include "tests/crdt/world.h"
#include "tests/oracle.h"

namespace anabranch::semantics_test {

using test::Intent;
using test::Oracle;
using test::quoted;
using test::table_below;
using test::TableRow;
using test::TestReplica;
using test::words;

namespace {

using Words = std::vector<std::string>;

const core::Path kKey{"key"};
const core::Path kString = kKey.child("s");

std::string document() {
  std::ifstream file(ANABRANCH_SEMANTICS);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

core::Path path_of(const Words& components) {
  core::Path path;
  for (const std::string& component : components) path.append(component);
  return path;
}

Intent intent(const std::string& effect, const core::Path& path, const std::string& argument) {
  if (effect == "put") return {.kind = Intent::Kind::kPut, .path = path, .value = argument};
  if (effect == "remove") return {.kind = Intent::Kind::kRemove, .path = path};
  if (effect == "add") {
    return {.kind = Intent::Kind::kAdd, .path = path, .amount = std::stoll(argument)};
  }
  if (effect == "reset") return {.kind = Intent::Kind::kReset, .path = path};
  REQUIRE(effect == "clear");
  return {.kind = Intent::Kind::kClear, .path = path};
}

// "put x" on the string row of the key, "clear" on the key.
std::vector<Intent> effect(const TestReplica& /*replica*/, const std::string& text) {
  const Words parts = words(text);
  const std::string argument = parts.size() > 1 ? parts[1] : "";
  return {intent(parts[0], parts[0] == "clear" ? kKey : kString, argument)};
}

std::string shown_effects(const TestReplica& replica) {
  const crdt::Row row = replica.row(kString);
  std::set<std::string> values;
  for (const crdt::Sibling& sibling : row.cell.siblings) values.insert(sibling.value);
  std::string shown;
  for (const std::string& value : values) shown += (shown.empty() ? "" : " ") + value;
  if (!row.tally.live()) return shown;
  const auto sum = row.tally.sum().as_int64();
  REQUIRE(sum.has_value());
  return shown + (shown.empty() ? "" : " ") + "sum " + std::to_string(*sum);
}

// The string that a read of a row shows.
std::optional<std::string> shown_at(const crdt::Row& row) {
  std::optional<std::string> resolved;
  if (!row.cell.siblings.empty()) resolved = crdt::last_written(row.cell).value;
  const auto shown = crdt::shown_string(resolved, row.tally);
  REQUIRE(shown.ok());
  return shown.value();
}

// The visible value of the key for each type, by tag; a type without one is left out.
std::map<std::string, std::string> shown_types(const TestReplica& replica) {
  std::map<std::string, std::string> shown;
  const auto list = [&](const std::string& tag, const std::string& entry) {
    shown[tag] += (shown[tag].empty() ? "" : " ") + entry;
  };
  for (const auto& [path, row] : replica.rows()) {
    if (!row.present()) continue;
    const Words at = path.components();
    const std::string value = shown_at(row).value_or("");
    if (at[1] == "s") shown["s"] = value;
    if (at[1] == "e") list("e", at[2]);
    if (at[1] == "h") list("h", at[2] + "=" + value);
  }
  return shown;
}

// The tag of the type that the key shows, the first in the document's order; empty for none.
std::string shown_tag(const TestReplica& replica) {
  const auto shown = shown_types(replica);
  for (const TableRow& row : table_below(document(), "Types are layouts of rows")) {
    if (shown.contains(row[1])) return row[1];
  }
  return "";
}

std::string shown_key(const TestReplica& replica) {
  const std::string tag = shown_tag(replica);
  if (tag.empty()) return "";
  const std::string shown = shown_types(replica)[tag];
  return tag == "s" ? shown : "{" + shown + "}";
}

// A command by name: the names of its arguments, and its ops with these names in them.
struct Recipe {
  Words arguments;
  std::vector<std::string> ops;
};

std::map<std::string, Recipe> recipes() {
  std::map<std::string, Recipe> found;
  for (const TableRow& row : table_below(document(), "Commands as ops")) {
    REQUIRE(row.size() == 2);
    Words usage = words(quoted(row[0]).at(0));
    const std::string name = usage.front();
    usage.erase(usage.begin());
    found[name] = {usage, quoted(row[1])};
  }
  return found;
}

// "put [key s] value" with the command's arguments filled in.
Intent filled_in(const std::string& op, const std::map<std::string, std::string>& arguments) {
  const auto open = op.find('[');
  const auto close = op.find(']');
  REQUIRE(close != std::string::npos);
  const auto fill = [&](Words found) {
    for (std::string& word : found) {
      if (arguments.contains(word)) word = arguments.at(word);
    }
    return found;
  };
  const Words argument = fill(words(op.substr(close + 1)));
  const Words components = fill(words(op.substr(open + 1, close - open - 1)));
  return intent(words(op.substr(0, open)).at(0), path_of(components),
                argument.empty() ? "" : argument.at(0));
}

// The ops of a command line; none where the command is refused.
std::vector<Intent> command(const TestReplica& replica, const std::string& line) {
  static const std::map<std::string, Recipe> kRecipes = recipes();
  Words arguments = words(line);
  const std::string name = arguments.front();
  arguments.erase(arguments.begin());
  REQUIRE(kRecipes.contains(name));
  const Recipe& recipe = kRecipes.at(name);
  REQUIRE(arguments.size() == recipe.arguments.size());
  std::map<std::string, std::string> named;
  for (std::size_t i = 0; i < arguments.size(); ++i) named[recipe.arguments[i]] = arguments[i];

  std::vector<Intent> intents;
  for (const std::string& op : recipe.ops) intents.push_back(filled_in(op, named));
  if (name == "DEL") return intents;
  const std::string tag = shown_tag(replica);
  const bool other_type = !tag.empty() && tag != intents[0].path.components()[1];
  if (other_type && name != "SET") return {};
  if (other_type) intents.insert(intents.begin(), intent("clear", kKey, ""));
  const bool adds = intents[0].kind == Intent::Kind::kAdd;
  if (adds && tag == "s" && !core::parse_integer(shown_key(replica))) return {};
  return intents;
}

using ToIntents = std::vector<Intent> (*)(const TestReplica&, const std::string&);
using Show = std::string (*)(const TestReplica&);

// Two regions that execute one line of a table.
class Line {
 public:
  Line(const TableRow& row, ToIntents to_intents, Show show)
      : row_(row), to_intents_(to_intents), show_(show) {
    write(here_, row_.at(0));
    deliver(here_, there_);
  }

  std::string here_then_there() {
    write(here_, row_.at(1));
    deliver(here_, there_);
    write(there_, row_.at(2));
    return meet();
  }

  std::string there_then_here() {
    write(there_, row_.at(2));
    deliver(there_, here_);
    write(here_, row_.at(1));
    return meet();
  }

  std::string concurrently() {
    write(here_, row_.at(1));
    write(there_, row_.at(2));
    return meet();
  }

 private:
  // Each quoted effect or command is a transaction of its own.
  void write(TestReplica& replica, const std::string& cell) {
    for (const std::string& text : quoted(cell)) {
      const auto intents = to_intents_(replica, text);
      const core::Millis wall = &replica == &there_ ? 2000 : 1000;
      if (!intents.empty()) replica.commit(intents, wall, oracle_);
    }
  }

  static void deliver(const TestReplica& source, TestReplica& target) {
    for (const auto& [origin, log] : source.logs()) {
      for (const auto& sent : log) target.receive(sent);
    }
  }

  // Brings both together, by ops and by joining rows, either way round. Returns the common visible
  // text.
  std::string meet() {
    TestReplica joined_here = here_;
    TestReplica joined_there = there_;
    joined_here.merge(there_);
    joined_there.merge(here_);
    deliver(here_, there_);
    deliver(there_, here_);
    here_.collect();
    for (const TestReplica* replica : {&here_, &there_, &joined_here, &joined_there}) {
      CHECK(replica->canonical() == here_.canonical());
      CHECK(replica->visible() == oracle_.visible(here_.applied()));
      CHECK(show_(*replica) == show_(here_));
    }
    return show_(here_);
  }

  const TableRow& row_;
  ToIntents to_intents_;
  Show show_;
  Oracle oracle_;
  TestReplica here_{7};
  TestReplica there_{9};
};

// "`x`, `sum 5`" as the functions above show it.
std::string expected(const std::string& cell) {
  std::string text;
  for (const std::string& part : quoted(cell)) text += (text.empty() ? "" : " ") + part;
  CHECK_MESSAGE(text.empty() == (cell == "-"), "an outcome is quoted, or -");
  return text;
}

void execute(const std::string& title, ToIntents to_intents, Show show, std::size_t rows_min) {
  const std::vector<TableRow> rows = table_below(document(), title);
  CHECK(rows.size() >= rows_min);
  for (const TableRow& row : rows) {
    REQUIRE(row.size() == 6);
    const std::string line = row[0] + " | " + row[1] + " | " + row[2];
    CAPTURE(line);
    CHECK(Line(row, to_intents, show).here_then_there() == expected(row[3]));
    CHECK(Line(row, to_intents, show).there_then_here() == expected(row[4]));
    CHECK(Line(row, to_intents, show).concurrently() == expected(row[5]));
  }
}

}  // namespace

TEST_SUITE("crdt: docs/semantics.md") {
  TEST_CASE("two effects on one row come to what the document says") {
    execute("Two effects on one row", effect, shown_effects, 15);
  }

  TEST_CASE("two commands on one key come to what the document says") {
    execute("Two commands on one key", command, shown_key, 15);
  }

  TEST_CASE("the document has every pair of effects") {
    std::set<std::pair<std::string, std::string>> pairs;
    for (const TableRow& row : table_below(document(), "Two effects on one row")) {
      const std::string here = words(quoted(row.at(1)).at(0)).at(0);
      const std::string there = words(quoted(row.at(2)).at(0)).at(0);
      pairs.emplace(std::min(here, there), std::max(here, there));
    }
    CHECK(pairs.size() == 15);
  }

  TEST_CASE("the document describes every effect, and nothing else") {
    std::set<std::string> effects;
    for (const TableRow& row : table_below(document(), "Rows: cells and tallies")) {
      effects.insert(quoted(row.at(0)).at(0));
    }
    CHECK(effects == std::set<std::string>{"add", "clear", "put", "remove", "reset"});
  }
}

}  // namespace anabranch::semantics_test
