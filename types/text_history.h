// What an edit has inserted and erased, kept to be undone, and the steps of one author.
//
// An undo is an edit: it erases the characters that the step has inserted, as far as they are
// shown, and inserts again those that it has erased, at new positions between the old ones and the
// next known ones. Such characters stand for the erased ones from then on: all steps that had
// inserted those have inserted these (as Yjs follows an item to the one that was made of it again,
// UndoManager.js). The inverse of an undone step is the step of its undoing.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "types/text_editor.h"
#include "types/text_replacement.h"

namespace anabranch::types {

using TextPart = crdt::TextOrder::Part;

// Characters that were erased together, in their order.
struct ErasedText {
  std::string text;
  std::vector<TextPart> parts;
};

struct TextStep {
  std::vector<TextPart> inserted;
  std::vector<ErasedText> erased;

  [[nodiscard]] bool empty() const { return inserted.empty() && erased.empty(); }
};

// Returns the step of a finished edit, with the replacements that were recorded meanwhile.
[[nodiscard]] TextStep step_of(const TextEditor& editor,
                               const std::vector<TextReplacement>& replacements);

// Erased characters, and those that stand for them.
struct Restored {
  TextPart from;
  TextPart to;
};
// Undoes a step. `erased` are parts erased by other steps that may be undone later: the characters
// inserted now keep their order with them.
std::vector<Restored> undo(TextEditor& editor, const TextStep& step, std::vector<TextPart> erased);

// The steps of one author that can be undone, and redone. Not thread-safe.
class TextHistory {
 public:
  // Of each of the two kinds. The last step is always kept.
  static constexpr std::size_t kStepsMax = 1000;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20U;
  enum class Kind { kUndo, kRedo };

  // A step was made. It becomes part of the last one if join() was called since.
  void add(TextStep step);
  void join() { joins_ = true; }
  // Returns the next step to undo or redo; null if there is none.
  [[nodiscard]] const TextStep* next(Kind kind) const;
  // That step was undone or redone; its inverse was made by that.
  void move(Kind kind, TextStep inverse);
  // Erased characters were inserted again, by this history or by another one.
  void follow(const std::vector<Restored>& restored);
  // Adds all parts that are erased, but for those of a step.
  void add_erased(std::vector<TextPart>& parts, const TextStep* but) const;

 private:
  struct Steps {
    std::deque<TextStep> steps;
    std::size_t bytes = 0;
    void push(TextStep step);
    void pop();
  };
  [[nodiscard]] Steps& steps(Kind kind) { return kind == Kind::kUndo ? undo_ : redo_; }

  Steps undo_;
  Steps redo_;
  bool joins_ = false;
};

}  // namespace anabranch::types
