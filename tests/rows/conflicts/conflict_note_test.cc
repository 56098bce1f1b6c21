// Notes of applied ops and of merges about concurrent values.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "crdt/apply.h"
#include "rows/conflicts/conflict_note.h"

namespace anabranch::conflict_note_test {

using core::Dot;
using core::Path;
using crdt::Cell;
using rows::ConflictKind;
using rows::ConflictNote;
using rows::ConflictNotes;

namespace {

const Path kText{"\1", "doc", "s"};
constexpr core::Origin kEu = 1;
constexpr core::Origin kUs = 2;
constexpr core::Origin kAp = 3;
const core::Hlc kTime = core::Hlc::of(1000, 0);

// A cell with values by the ops of several origins.
Cell cell(const std::vector<std::pair<Dot, std::string>>& values) {
  Cell cell;
  for (const auto& [dot, value] : values) {
    cell.add({.dot = dot, .hlc = kTime, .value = value, .base = {}});
  }
  return cell;
}

// The notes of a put with a context, on a cell.
ConflictNotes put(Cell cell, Dot dot, const std::string& value, const core::VersionVector& context,
                  bool chosen = false, const Path& path = kText) {
  crdt::CellEffect effect = crdt::apply_put(cell, {dot, kTime, value, {}}, context);
  ConflictNotes notes;
  rows::note_change({path, dot, kTime, chosen}, std::move(effect), cell, notes);
  return notes;
}

// "met a b by 2.1".
std::string text(const ConflictNote& note) {
  std::string text = note.kind == ConflictKind::kMet ? "met" : "replaced";
  for (const crdt::Sibling& each : note.values) text += " " + each.value;
  return text + " by " + std::to_string(note.by.origin) + "." + std::to_string(note.by.seq);
}

std::vector<std::string> texts(const ConflictNotes& notes) {
  std::vector<std::string> all;
  for (const ConflictNote& note : notes) {
    CHECK(note.path == kText);
    all.push_back(text(note));
  }
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("rows: notes of conflicts") {
  TEST_CASE("a put beside another value has met it") {
    CHECK(texts(put(cell({{{kEu, 1}, "a"}}), {kUs, 1}, "b", {})) == Texts{"met a b by 2.1"});
    CHECK(texts(put(cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}}), {kAp, 1}, "c", {})) ==
          Texts{"met a b c by 3.1"});
  }

  TEST_CASE("a put that has seen all is no conflict, nor is the first value or an equal one") {
    CHECK(put(cell({{{kEu, 1}, "a"}}), {kUs, 1}, "b", {{kEu, 1}}).empty());
    CHECK(put({}, {kUs, 1}, "b", {}).empty());
    CHECK(put(cell({{{kEu, 1}, "a"}}), {kUs, 1}, "a", {}).empty());
  }

  TEST_CASE("a put over several values has replaced them unread, unless its author names them") {
    const Cell both = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}});
    const core::VersionVector context{{kEu, 1}, {kUs, 1}};
    CHECK(texts(put(both, {kAp, 1}, "c", context)) == Texts{"replaced a b by 3.1"});
    CHECK(put(both, {kAp, 1}, "c", context, true).empty());
  }

  TEST_CASE("equal values that are replaced are no loss") {
    const Cell both = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "a"}});
    CHECK(put(both, {kAp, 1}, "c", {{kEu, 1}, {kUs, 1}}).empty());
  }

  TEST_CASE("a put over some of the values has replaced these and met the others") {
    const Cell three = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}, {{kAp, 1}, "c"}});
    CHECK(texts(put(three, {4, 1}, "d", {{kEu, 1}, {kUs, 1}})) ==
          Texts{"replaced a b by 4.1", "met c d by 4.1"});
    CHECK(texts(put(three, {4, 1}, "d", {{kEu, 1}})) == Texts{"met b c d by 4.1"});
  }

  TEST_CASE("a remove replaces, too") {
    Cell both = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}});
    crdt::CellEffect effect = crdt::apply_remove(both, {{kEu, 1}, {kUs, 1}});
    ConflictNotes notes;
    rows::note_change({kText, {kAp, 1}, kTime, false}, std::move(effect), both, notes);
    CHECK(texts(notes) == Texts{"replaced a b by 3.1"});
  }

  TEST_CASE("an op that is applied again has met nothing") {
    const Cell both = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}});
    CHECK(put(both, {kUs, 1}, "b", {}).empty());
  }

  TEST_CASE("a merge has met what came together, and nothing that stood beside it before") {
    const Cell a = cell({{{kEu, 1}, "a"}});
    const Cell both = cell({{{kEu, 1}, "a"}, {{kUs, 1}, "b"}});
    ConflictNotes notes;
    rows::note_merge(kText, both, both, notes);
    rows::note_merge(kText, a, a, notes);
    CHECK(notes.empty());
    rows::note_merge(kText, a, both, notes);
    rows::note_merge(kText, {}, both, notes);
    CHECK(texts(notes) == Texts{"met a b by 0.0", "met a b by 0.0"});
  }

  TEST_CASE(
      "values of keys, fields, elements and scores can lose, positions, texts, deadlines and "
      "the mesh's own rows cannot") {
    CHECK(rows::can_lose(kText));
    CHECK(rows::can_lose({"\1", "on", "f"}));
    CHECK(rows::can_lose({"\1", "map", "h", "field", "s"}));
    CHECK(rows::can_lose({"\1", "list", "l", "element"}));
    CHECK(rows::can_lose({"\1", "scores", "z", "member"}));
    CHECK(rows::can_lose({"\1", "set", "E", "x"}));
    CHECK_FALSE(rows::can_lose({"\1", "list", "l", "element", "m"}));
    CHECK_FALSE(rows::can_lose({"\1", "text", "t", "run"}));
    CHECK_FALSE(rows::can_lose({"\1", "doc", "x"}));
    CHECK_FALSE(rows::can_lose({std::string_view("\0", 1), "policy", "\1", "doc"}));
    CHECK(put(cell({{{kEu, 1}, "a"}}), {kUs, 1}, "b", {}, false, {"\1", "text", "t", "r"}).empty());
  }
}

}  // namespace anabranch::conflict_note_test
