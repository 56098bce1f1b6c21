// Texts: characters that several regions write at once, by position.
//
// A position is only how a call names a place: what is written names the characters beside it. So
// an insert stays between the two characters between which it was made, and an erase takes the
// characters that it had seen. What one writer types stays together, forwards and backwards, also
// where another one types at the same place.
//
//   both know | here         | there        | concurrently
//   ab        | insert 1 xyz | insert 1 123 | axyz123b or a123xyzb, the same everywhere
//   abcdef    | erase 2 1    | erase 4 1    | abdf
//   abcdef    | erase 1 4    | insert 3 X   | aXf
//   ab        | erase 0 2    | insert 2 c   | c
//   ab        | clear        | insert 1 X   | X
//
// Worked example. Both regions know "Hello". `eu` types " dear" behind it, `us` " world", letter by
// letter, each in transactions of its own. Both arrive at "Hello dear world" or "Hello world dear";
// no letters are mixed. `us` makes H an h meanwhile: that is another place, and stays as it is.
//
// What is inserted at one place within one transaction is one run, a row that is written once and
// never again; erased parts of it are small rows below it, until nothing is left and all of them
// go (docs/formats.md). So let a transaction be what a user typed in a moment, not a letter: edit()
// with many inserts and erases takes one commit, and writes runs after its corrections.
//
// A Text keeps nothing in memory: each call reads the text, in time that grows with its runs, not
// its length. An open document (text_document.h) keeps it, and takes microseconds.
//
// Known anomalies.
// - Two regions that replace one word both insert theirs: both are there, one behind the other.
// - Two regions that erase a part each of what was one run, so that nothing of it is left, leave
// the
//   key there as an empty text, until somebody edits it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <anabranch/scope.h>

namespace anabranch {

// What positions and sizes count: code points of Unicode, or the units of UTF-16, as JavaScript,
// Java and the language server protocol do: two for a code point from U+10000 on.
enum class TextUnit { kCodePoints, kUtf16 };

// A text while it is edited within one transaction. What was edited is seen at once. For the
// function that it was given to, on its thread.
class TextEdit {
 public:
  TextEdit(const TextEdit&) = delete;
  TextEdit& operator=(const TextEdit&) = delete;

  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Both throw Error{kInvalid} when a position is outside of the text, or within a character, and
  // insert when `utf8` is no valid UTF-8. Nothing has changed then.
  virtual void insert(std::uint64_t position, std::string_view utf8) = 0;
  virtual void erase(std::uint64_t position, std::uint64_t count) = 0;

 protected:
  TextEdit() = default;
  ~TextEdit() = default;
};

// As thread-safe as its scope.
class Text {
 public:
  Text(Scope& scope, Key key, TextUnit unit = TextUnit::kCodePoints)
      : scope_(scope), key_(std::move(key)), unit_(unit) {}

  [[nodiscard]] std::uint64_t size() const;
  // All of it, as UTF-8.
  [[nodiscard]] std::string str() const;
  // Throws as TextEdit.
  void insert(std::uint64_t position, std::string_view utf8);
  void erase(std::uint64_t position, std::uint64_t count);
  // Runs the function in one transaction; what it throws undoes all and comes out here.
  void edit(const std::function<void(TextEdit&)>& function);
  // Removes all that has been seen here; what other regions insert meanwhile stays.
  void clear();

 private:
  ScopeRef scope_;
  Key key_;
  TextUnit unit_;
};

}  // namespace anabranch
