// Changes of an open document (text_document.h), as its observers are told of them.
//
//   TextDocument document{store, "doc/1/body"};
//   TextView view = document.observe([&](const TextChange& change) { send(page, change.deltas); });
//   send(page, view.text);  // The text that the first change begins with.
//
// Observers are told every change, in the order in which the document came to show them: the deltas
// of all changes so far, applied one after another to TextView::text, are the text as the document
// showed it right after the change. Nothing is told of an edit before it is committed, nor of one
// that has failed.
//
// A store has a few threads for the functions of its watches and observers (watch.h). No writer
// waits for an observer. One so slow that a MiB of changes waits for it, or 1,000, is told the
// whole text instead of these changes (TextChange::anew).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace anabranch {

// A part of the text is replaced. Position and count are in units of the document (TextUnit), in
// the text that the delta before has made.
struct TextDelta {
  std::uint64_t position = 0;
  std::uint64_t erased = 0;  // Units erased at the position,
  std::string inserted;      // and then inserted there, as UTF-8.
  bool operator==(const TextDelta&) const = default;
};

// The changes of one transaction; never empty.
struct TextChange {
  std::vector<TextDelta> deltas;  // Applied one after another.
  std::uint64_t size = 0;         // Of the text after them, in units.
  std::string region;             // Where it was written; empty when unknown.
  bool remote = false;            // Written in another region.
  bool own = false;               // Written with this document, not with another handle.
  // The text was read again, after a clear, a snapshot from another region or a failure: the deltas
  // are the difference, and say nothing of how it was made. Several transactions, of any region.
  bool anew = false;
  std::string note;   // Own changes: what TextEdit::note was given.
  std::string token;  // A session's token that covers the change, and perhaps later ones.
};

// Called on threads of the store, one call at a time for each observer. It may use the store and
// the document. An exception of it is logged, and the observer continues.
using OnTextChange = std::function<void(const TextChange&)>;

// An observer lives as long as this object, and no longer than its store. It is told nothing after
// the end of its document. Movable.
class [[nodiscard]] TextWatch {
 public:
  class Impl;
  explicit TextWatch(std::shared_ptr<Impl> impl);
  // Ends the observer. As the end of a Watch: returns once the function is not running any more, at
  // once within the function and within a transaction of its store.
  ~TextWatch();
  TextWatch(TextWatch&&) noexcept;
  TextWatch& operator=(TextWatch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

// The text of a document and an observer of all changes from there on.
struct TextView {
  std::string text;
  std::string token;  // A session's token that covers the text.
  TextWatch watch;
};

}  // namespace anabranch
