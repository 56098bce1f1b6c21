// Open documents: a text (text.h) that stays in memory while it is edited and shown.
//
//   TextDocument document{store, "doc/1/body"};
//   document.insert(0, "Hello");
//   document.edit([](TextEdit& edit) {  // What was typed in the last moment, as one transaction.
//     edit.insert(5, ", wrold");
//     edit.erase(8, 4);
//     edit.insert(8, "orld");
//   });
//   std::cout << document.str() << '\n';
//
// Opening reads the text once. From then on an edit takes time that grows with the logarithm of the
// length, and so does finding a position. What others write to the key, in this region or in
// others, appears when it comes: an edit made before that is made in the text as it was shown, and
// merges as concurrent edits do. After a clear of the key, a snapshot from another region or an
// error in an edit the text is read anew. An open document has no thread of its own.
//
// It takes about ten bytes for each character of a text that was typed in runs of ten or more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <anabranch/store.h>
#include <anabranch/text.h>

namespace anabranch {

// Thread-safe. Must not outlive its store. Functions as in Text, and with its errors; and with
// these rules for functions of yours in which they are called:
// - In a transaction of the store a document can be read, and shows what is staged of its edits. It
//   cannot be edited or cleared there (Error{kInvalid}): use a Text with the transaction.
// - In the function of its own edit it cannot be used at all (Error{kInvalid}), only opened or
//   destroyed: use the TextEdit. Other threads read meanwhile what is committed.
// - Elsewhere, as in the function of a watch, everything can be called.
class TextDocument {
 public:
  // Opens a text, also one that is not there yet. Throws as Text: Error{kWrongType} when the key
  // holds something else.
  TextDocument(Store& store, Key key, TextUnit unit = TextUnit::kCodePoints);
  ~TextDocument();
  TextDocument(TextDocument&&) noexcept;
  TextDocument& operator=(TextDocument&&) noexcept;

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::string str() const;
  // What there is of `count` units from a position on. Throws as TextEdit.
  [[nodiscard]] std::string read(std::uint64_t position, std::uint64_t count) const;
  void insert(std::uint64_t position, std::string_view utf8);
  void erase(std::uint64_t position, std::uint64_t count);
  void edit(const std::function<void(TextEdit&)>& function);
  void clear();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace anabranch
