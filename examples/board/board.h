// The board: its documents, and the meaning of merging for each of their parts.
//
// People in several regions write at once, also while the regions cannot reach each other. No part
// of a document needs a lock or a region that decides: each has a type whose concurrent writes have
// a meaning, and that meaning is all there is to know.
//
//   part    | stored at     | as                | written in two regions at once
//   heading | heading/ID    | Register of JSON  | title here, "when" there: both. Two titles: the
//           |               |                   | later one is shown, the other one kept
//           (heading.h)
//   text    | text/ID       | TextDocument      | both; whole words beside each other (open_text.h)
//   to-do   | todo/ID       | ItemList of Maps  | both items. Ticked and moved: both. Ticked and
//           |               |                   | removed: removed, and nothing of it is left
//   - text  |   in an item  | Register          | the later one
//   - done  |   in an item  | EnableWinsFlag    | ticked: a thing that somebody has done is done
//   votes   | votes/ID      | Map of Counters   | add up
//   tags    | tags/ID       | Set               | both; added here, removed there: it stays
//   typed   | typed/ID      | Map of Registers  | each region writes a field of its own: who typed
//           |               |                   | there last
//
// Each part is a key of its own, so that concurrent writes to two parts never meet. A document is
// there once its heading is.
//
// The functions write the meaning of one click, within the transaction of a request that counts
// once (Scope::once). A refusal is Refused (limits.h), and undoes the request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/anabranch.h>

#include "examples/board/heading.h"

namespace board {

namespace ab = anabranch;

struct Item {
  std::string id;
  std::string text;
  bool done = false;
};

struct Choice {
  std::string name;
  std::int64_t votes = 0;
};

// A document within a scope: the store itself, a transaction, or a read transaction. As cheap as
// its id.
class Document {
 public:
  Document(ab::Scope& scope, std::string id) : scope_(scope), id_(std::move(id)) {}

  // The keys of the parts.
  static ab::Key text_key(const std::string& id) { return "text/" + id; }
  static ab::Key heading_key(const std::string& id) { return std::string(kHeadings) + id; }
  static constexpr std::string_view kHeadings = "heading/";

  [[nodiscard]] bool exists() const;

  // ---- The heading.

  [[nodiscard]] Heading heading() const;
  void put(const Heading& heading);

  // ---- The to-do list. The last three return false when the item is not there any more.

  [[nodiscard]] std::vector<Item> items() const;
  void add_item(const std::string& text);
  bool tick(const std::string& item, bool done);
  bool rename(const std::string& item, const std::string& text);
  bool move(const std::string& item, std::uint64_t to);
  bool remove(const std::string& item);

  // ---- Votes and tags. They read nothing, so a request for them counts once in all regions
  // (OnceIn::kAnyRegion). Whether there is room is asked before.

  [[nodiscard]] std::vector<Choice> choices() const;
  void vote(const std::string& choice, std::int64_t add);
  [[nodiscard]] std::vector<std::string> tags() const;
  void add_tag(const std::string& tag);
  void remove_tag(const std::string& tag);

  // ---- Who typed last in each region, beside the text in one transaction.

  [[nodiscard]] std::string typed_last(const std::string& region) const;
  void set_typed_last(const std::string& region, const std::string& name);

 private:
  [[nodiscard]] ab::ItemList todo() const { return {*scope_, "todo/" + id_}; }
  [[nodiscard]] ab::Map votes() const { return {*scope_, "votes/" + id_}; }
  [[nodiscard]] ab::Set<> tag_set() const { return {*scope_, "tags/" + id_}; }
  [[nodiscard]] ab::Map typed() const { return {*scope_, "typed/" + id_}; }

  ab::ScopeRef scope_;
  std::string id_;
};

// Returns the id of the document that a key belongs to; empty if it is none of the board's.
std::string document_of(std::string_view key);

// Writes the document that a new board begins with, unless there is one.
void welcome(ab::Store& store);

}  // namespace board
