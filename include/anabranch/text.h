// Texts: characters that several regions write at once, by position.
//
// A position names a place only within the call; the stored write names the characters beside it.
// So an inserted character stays between its two neighbours, and an erase removes exactly the
// characters that it had seen. The characters that one writer types stay together, forwards and
// backwards, also where another writer types at the same place.
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
// The characters inserted at one place within one transaction are one run, a row that is written
// once and never again; erased parts of a run are small rows below it, until no character of the
// run is left and all its rows are removed (docs/formats.md). So let a transaction be the typing of
// a moment, not a letter: edit() with many inserts and erases takes one commit, and writes the runs
// as they are after its corrections.
//
// A Text keeps no text in memory: each call reads the rows, in time that grows with the number of
// runs, not with the length. An open document (text_document.h) keeps the text, and a call takes
// microseconds.
//
// Known anomalies.
// - Two regions that replace one word both insert theirs: both are there, one behind the other.
// - Two regions that each erase a part of one run, so that together they erase all of it, leave the
//   key there as an empty text, until the next edit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <anabranch/scope.h>

namespace anabranch {

// The unit of positions and sizes: code points of Unicode, or the units of UTF-16, as in
// JavaScript, Java and the language server protocol: two for a code point from U+10000 on.
enum class TextUnit { kCodePoints, kUtf16 };

// The character that an anchor belongs to: the one before its place, or the one behind it. Text
// that is inserted at the place itself comes behind an anchor of the character before, and in front
// of an anchor of the character behind. The beginning and the end of the text count as characters.
enum class TextSide { kBefore, kBehind };

// A text while it is edited within one transaction. Shows its own edits at once. Valid within the
// function that received it, on that function's thread.
class TextEdit {
 public:
  TextEdit(const TextEdit&) = delete;
  TextEdit& operator=(const TextEdit&) = delete;

  // Returns the length in units of the text (TextUnit).
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Both throw Error{kInvalid}, and change nothing, when a position is outside of the text or
  // within a character; insert also when `utf8` is not valid UTF-8.
  virtual void insert(std::uint64_t position, std::string_view utf8) = 0;
  virtual void erase(std::uint64_t position, std::uint64_t count) = 0;

  // Returns at most `count` units from a position on, fewer at the end. Throws as insert().
  [[nodiscard]] virtual std::string read(std::uint64_t position, std::uint64_t count) const = 0;
  // Makes the text another one by the fewest erased and inserted characters, so that concurrent
  // edits elsewhere in it stay. Throws Error{kInvalid} when `whole` is not valid UTF-8. Where the
  // texts differ by more than 256 characters there may be a few more than the fewest.
  virtual void replace(std::string_view whole) = 0;

  // Returns a name of the place at a position: 1 to about 200 letters, digits, '-' and '_'. It
  // names the place in every region, for all time and after all edits, also when its character is
  // erased: then it is where that character was. Throws as insert(). Valid if this edit is
  // committed.
  [[nodiscard]] virtual std::string anchor(std::uint64_t position,
                                           TextSide side = TextSide::kBehind) = 0;
  // Returns the position that an anchor names now. Throws Error{kInvalid} for what is no anchor;
  // one of another text is at some place.
  [[nodiscard]] virtual std::uint64_t position(std::string_view anchor) const = 0;

  // Tells the observers of the open document that is edited, with the change (TextChange::note):
  // the request that it answers, say. The last note counts; of a Text it goes nowhere.
  virtual void note(std::string_view note) = 0;

 protected:
  TextEdit() = default;
  ~TextEdit() = default;
};

// Reads a text. As thread-safe as its scope.
class TextReader : public detail::Reader {
 public:
  TextReader(const Scope& scope, Key key, TextUnit unit = TextUnit::kCodePoints)
      : Reader(scope, std::move(key)), unit_(unit) {}
  TextReader(const Scope&& scope, Key key, TextUnit unit = TextUnit::kCodePoints) = delete;

  // Returns the length in units of this handle; 0 for an absent text.
  [[nodiscard]] std::uint64_t size() const;
  // Returns the whole text as UTF-8.
  [[nodiscard]] std::string str() const;
  // Returns at most `count` units from a position on, fewer at the end.
  [[nodiscard]] std::string read(std::uint64_t position, std::uint64_t count) const;
  // As the functions of TextEdit, and with their errors.
  [[nodiscard]] std::string anchor(std::uint64_t position, TextSide side = TextSide::kBehind) const;
  [[nodiscard]] std::uint64_t position(std::string_view anchor) const;

 protected:
  [[nodiscard]] TextUnit unit() const { return unit_; }

 private:
  TextUnit unit_;
};

// As thread-safe as its scope.
class Text : public TextReader {
 public:
  Text(Scope& scope, Key key, TextUnit unit = TextUnit::kCodePoints)
      : TextReader(scope, std::move(key), unit) {}

  // As the functions of TextEdit, and with their errors.
  void replace(std::string_view whole);
  void insert(std::uint64_t position, std::string_view utf8);
  void erase(std::uint64_t position, std::uint64_t count);
  // Runs the function in one transaction. An exception of the function undoes all edits and is
  // rethrown.
  void edit(const std::function<void(TextEdit&)>& function);
  // Removes all characters seen here; characters that other regions insert concurrently stay.
  void clear();
};

}  // namespace anabranch
