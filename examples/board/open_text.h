// The text of a document while people look at it: one open text for all pages of the region.
//
// It numbers the changes that it is told, and keeps the last ones. A page names its places by the
// number that it has seen last, and finds them moved over all changes since; so an index is never
// one of a text that nobody has any more. Pages that were away for a moment are told the
// changes that they missed, others the whole text.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>
#include <anabranch/text_document.h>
#include <anabranch/text_undo.h>

#include "examples/board/old_text.h"
#include "examples/board/stream.h"

namespace board {

// A version of a text, as a page knows it: its name at the server, and the number of the last
// change.
struct Version {
  std::string epoch;
  std::uint64_t number = 0;
};

// One edit: at a place of the page, or at an anchor.
struct TextStep {
  std::uint64_t at = 0;
  std::uint64_t erase = 0;
  std::string insert;
  std::string anchor;  // In place of `at`, if not empty.
  std::string to;      // The end of the erased part, with an anchor.
};

struct TextRequest {
  std::string page;
  std::string name;
  std::string id;
  std::optional<Version> version;  // Needed for places that are no anchors.
  bool join = false;
  std::vector<TextStep> steps;
};

struct Outcome {
  bool known = false;
  bool changed = true;
};

// Thread-safe. Must not outlive the store and the streams.
class OpenText {
 public:
  OpenText(anabranch::Store& store, std::string region, std::string document, Streams& streams);

  // Executes the edits of a request as one transaction, unless that is done. Throws Refused; with
  // status 409 when the version is not known any more, and nothing is done.
  Outcome edit(const TextRequest& request);
  // Takes back the last step of a page, or brings it back. Neither is repeated for the same id.
  Outcome undo(const std::string& page, const std::string& id);
  Outcome redo(const std::string& page, const std::string& id);

  // Sends the changes behind a version to a stream, or the whole text, and then adds the stream:
  // `add` is called when no change is missed and none told twice.
  void begin(const std::shared_ptr<Stream>& stream, const std::optional<Version>& after,
             const std::function<void()>& add);

  // Returns anchors of places of a version. Throws Refused{409} as edit().
  std::vector<std::string> anchors(const Version& version,
                                   const std::vector<std::uint64_t>& places);
  // Returns the anchors of a selection: they belong to its inside; of a cursor: to the character
  // before it.
  std::vector<std::string> selection(const Version& version, std::uint64_t from, std::uint64_t to);
  // Returns the authors of a part of a version.
  std::vector<anabranch::TextAuthor> authors(const Version& version, std::uint64_t from,
                                             std::uint64_t to);
  // Returns the place of an anchor now; nullopt for other words.
  std::optional<std::uint64_t> place(const std::string& anchor);

  struct State {
    Version version;
    std::string text;
  };
  [[nodiscard]] State state() const;

 private:
  struct Change {
    std::uint64_t size_before = 0;
    std::vector<OldText::Range> erased;
    std::vector<std::uint64_t> inserted;
    Event event;
  };
  struct Author {
    anabranch::TextUndo undo;
    std::deque<std::pair<std::string, Outcome>> taken_back = {};  // By request: the last ones.
    std::uint64_t last_use = 0;
  };

  void told(const anabranch::TextChange& change);
  void keep(Change change);
  [[nodiscard]] Version version_locked() const { return {epoch_, number_}; }
  [[nodiscard]] std::string id_locked() const;
  // Return the text of a version over the present one; nullopt, or Refused{409}, when it is not
  // known any more.
  [[nodiscard]] std::optional<OldText> find_old_locked(const Version& version) const;
  [[nodiscard]] OldText old_locked(const Version& version) const;
  Author& author_locked(const std::string& page);
  bool try_edit(const TextRequest& request, Author& author, Outcome& outcome);
  void apply(const TextRequest& request, OldText& old, anabranch::TextEdit& edit);
  Outcome step(const std::string& page, const std::string& id,
               bool (anabranch::TextUndo::*which)());

  anabranch::Store& store_;
  const std::string region_;
  const std::string document_;
  const std::string epoch_;
  Streams& streams_;

  std::mutex editing_;                     // One edit at a time: the next one needs to know of it.
  std::map<std::string, Author> authors_;  // By page. Under `editing_`.
  std::uint64_t uses_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;            // After the last change that was told.
  std::uint64_t size_ = 0;      // Its units.
  std::uint64_t number_ = 0;    // Of the last change.
  std::deque<Change> history_;  // The last one has number_.
  std::size_t history_bytes_ = 0;

  anabranch::TextDocument text_document_;
  std::optional<anabranch::TextWatch> watch_;
};

}  // namespace board
