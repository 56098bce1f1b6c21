// Open documents: a text (text.h) that stays in memory while it is edited and shown.
//
//   TextDocument document{store, "doc/1/body"};
//   document.insert(0, "Hello");
//   document.edit([](TextEdit& edit) {  // The typing of a moment, as one transaction.
//     edit.insert(5, ", wrold");
//     edit.erase(8, 4);
//     edit.insert(8, "orld");
//   });
//   std::cout << document.str() << '\n';
//
// Opening reads the text once. From then on an edit takes time that grows with the logarithm of the
// length, and so does finding a position. Each call sees all that was committed in its store before
// the call, by anybody, and so all that a session has waited for: a write of another thread or
// region that comes later merges as concurrent edits do. After a clear of the key, a snapshot from
// another region or an error in an edit the text is read again from the store. An open document has
// no thread of its own.
//
// An edit can be part of a transaction, so that a text and what belongs to it change at once:
//
//   store.transact([&](Transaction& txn) {
//     document.edit(txn, [](TextEdit& edit) { edit.insert(0, "Dear all, "); });
//     Register<std::string>{txn, "doc/1/edited by"}.put("ada");
//   });
//
// Observers are told what changes (text_change.h). A document takes two or three bytes for each
// character of a text typed in runs of ten or more, and about ten for a letter typed alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/store.h>
#include <anabranch/text.h>
#include <anabranch/text_change.h>

namespace anabranch {

// Characters of a text that were inserted in one region.
struct TextAuthor {
  std::uint64_t position = 0;  // In units,
  std::uint64_t count = 0;     // as this.
  std::string region;          // Empty when unknown.
  bool operator==(const TextAuthor&) const = default;
};

class TextUndo;

// Thread-safe. Must not outlive its store. Functions as in Text, and with its errors. Functions of
// the application that call a document follow these rules:
// - In a transaction of the store a document can be read, and shows its staged edits. It is edited
//   with the scope of the transaction; edit() without a scope, clear() and observe() throw
//   Error{kInvalid}.
// - In the function of its own edit a document cannot be used at all (Error{kInvalid}), only opened
//   or destroyed: use the TextEdit. Other threads meanwhile read the committed text.
// - Elsewhere, as in the function of a watch or an observer, every call is allowed.
class TextDocument {
 public:
  // Opens a text, also an absent one. Throws as Text: Error{kWrongType} when the key holds another
  // type.
  TextDocument(Store& store, Key key, TextUnit unit = TextUnit::kCodePoints);
  ~TextDocument();
  TextDocument(TextDocument&&) noexcept;
  TextDocument& operator=(TextDocument&&) noexcept;

  // Return the length in units, and the whole text as UTF-8.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::string str() const;
  // Returns at most `count` units from a position on, fewer at the end. Throws as TextEdit.
  [[nodiscard]] std::string read(std::uint64_t position, std::uint64_t count) const;
  // Return the anchor of a place, and the place of an anchor, as TextEdit::anchor and position. An
  // anchor that this document gives names a committed character.
  [[nodiscard]] std::string anchor(std::uint64_t position, TextSide side = TextSide::kBehind) const;
  [[nodiscard]] std::uint64_t position(std::string_view anchor) const;
  // Returns the regions in which the characters were inserted, at most `count` units from a
  // position on: neighbours of one region are one entry. Throws as read().
  [[nodiscard]] std::vector<TextAuthor> authors(std::uint64_t position, std::uint64_t count) const;
  // Edit the text, each call as one transaction. As the functions of Text.
  void insert(std::uint64_t position, std::string_view utf8);
  void erase(std::uint64_t position, std::uint64_t count);
  void replace(std::string_view whole);
  void edit(const std::function<void(TextEdit&)>& function);
  void clear();
  // Edits the text as part of a transaction of its store: `transaction` is the scope that the
  // function of Store::transact, Session::transact, atomically or once (kOneRegion) was given; any
  // other throws Error{kInvalid}. An exception of the function undoes the edit and is rethrown. If
  // the transaction is undone, the document shows the text without it. Outside of the transaction
  // the document shows the edit once it is committed.
  void edit(Scope& transaction, const std::function<void(TextEdit&)>& function);

  // Returns the text, and tells the function all changes from there on, without a gap
  // (text_change.h). Waits for the running transaction, if there is one.
  [[nodiscard]] TextView observe(OnTextChange function);

 private:
  friend class TextUndo;
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace anabranch
