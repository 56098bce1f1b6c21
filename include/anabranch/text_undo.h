// Undo and redo of the edits of one author in an open document (text_document.h).
//
//   TextUndo ada{document};
//   ada.insert(0, "Hello");
//   document.insert(5, " from Bob");  // Of somebody else.
//   ada.undo();                       // " from Bob"
//   ada.redo();                       // "Hello from Bob"
//
// The edits made through this object are its author's, all others are not: an undo takes back what
// the last of them did, and leaves alone what others, in this region or elsewhere, have done before
// or since. What was inserted is erased, as far as it is still there; what was erased is inserted
// again where it was. Undo and redo are edits as all others: they travel, and observers are told.
//
// Each call of insert(), erase(), replace() or edit() is a step of its own, unless join_next() was
// called before. The last 1,000 steps are kept, and a MiB of them (and always the last one), as
// long as this object lives: after a restart there is nothing to undo.
//
// Others may have erased what an undo is to take back. That stays erased, also after a redo; a step
// of which nothing is left is left out, and the one before it is undone.
//
//   ada.insert(0, "Hello");
//   document.erase(1, 3);  // Bob makes it "Ho".
//   ada.undo();            // ""
//   ada.redo();            // "Ho": the letters that Bob has erased do not come back.
//
// Known anomalies. Two authors who have erased the same characters, each without having seen the
// other do so, and both undo that, insert them twice. An undo looks at its own step alone: Ada
// replaces "cat" by "dog", Bob erases "dog", and Ada's undo brings "cat" back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include <anabranch/text_document.h>

namespace anabranch {

// Thread-safe. Follows the rules of its document for calls from within functions of the
// application, and keeps it open. Must not outlive its store. Movable.
class TextUndo {
 public:
  explicit TextUndo(TextDocument& document);
  ~TextUndo();
  TextUndo(TextUndo&&) noexcept;
  TextUndo& operator=(TextUndo&&) noexcept;

  // As the functions of TextDocument. An edit in a transaction can be undone once that is
  // committed.
  void insert(std::uint64_t position, std::string_view utf8);
  void erase(std::uint64_t position, std::uint64_t count);
  void replace(std::string_view whole);
  void edit(const std::function<void(TextEdit&)>& function);
  void edit(Scope& transaction, const std::function<void(TextEdit&)>& function);

  // The next edit belongs to the step of the last one, if there is one that can be undone: as the
  // next letter of a word.
  void join_next();

  // Takes back the last step, or what undo() has taken back last. Steps of which nothing is left to
  // take back are left out. Returns whether the text has changed. Each call is a transaction. After
  // an error the step can be tried again. A new edit forgets what could be redone.
  bool undo();
  bool redo();
  // Whether there are steps.
  [[nodiscard]] bool can_undo() const;
  [[nodiscard]] bool can_redo() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace anabranch
