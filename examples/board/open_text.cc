#include "examples/board/open_text.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <utility>

#include "examples/board/board.h"
#include "examples/board/limits.h"
#include "examples/board/units.h"

namespace board {
namespace {

using nlohmann::json;

constexpr std::size_t kHistoryMax = 10'000;
constexpr std::size_t kHistoryBytesMax = std::size_t{4} << 20U;
constexpr std::size_t kAuthorsMax = 200;
constexpr std::size_t kTakenBackMax = 32;
constexpr int kTriesMax = 100;
constexpr std::chrono::milliseconds kPatience{50};

// The text has changed, and the change was not told yet.
struct Behind {};

std::string new_epoch() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string epoch;
  for (int i = 0; i < 12; ++i) epoch += kDigits[random() % kDigits.size()];
  return epoch;
}

// Of an own change the note names its author: "PAGE REQUEST NAME".
std::string note_of(const TextRequest& request) {
  return request.page + ' ' + request.id + ' ' + request.name;
}

void read_note(const std::string& note, json& data) {
  const auto first = note.find(' ');
  const auto second = note.find(' ', first + 1);
  if (first == note.npos || second == note.npos) return;
  data["page"] = note.substr(0, first);
  data["request"] = note.substr(first + 1, second - first - 1);
  data["by"] = note.substr(second + 1);
}

[[noreturn]] void refuse_version() {
  throw Refused(409, "This region does not know that version of the text any more.");
}

}  // namespace

OpenText::OpenText(ab::Store& store, std::string region, std::string document, Streams& streams)
    : store_(store),
      region_(std::move(region)),
      document_(std::move(document)),
      epoch_(new_epoch()),
      streams_(streams),
      text_document_(store, Document::text_key(document_), ab::TextUnit::kUtf16) {
  const std::lock_guard lock(mutex_);  // Changes are told once the text is there.
  ab::TextView view =
      text_document_.observe([this](const ab::TextChange& change) { told(change); });
  text_ = std::move(view.text);
  size_ = units(text_);
  watch_.emplace(std::move(view.watch));
}

// ---- Changes, as they are told.

void OpenText::told(const ab::TextChange& change) {
  json data{{"region", change.region}, {"by", ""}, {"deltas", json::array()}};
  if (change.own) read_note(change.note, data);
  if (change.remote) data["by"] = Document{store_, document_}.typed_last(change.region);
  const std::lock_guard lock(mutex_);
  Change kept{size_, {}, {}, nullptr};
  for (const ab::TextDelta& delta : change.deltas) {
    const std::size_t begin = byte_at(text_, delta.position);
    const std::size_t end = begin + byte_at(std::string_view(text_).substr(begin), delta.erased);
    text_.replace(begin, end - begin, delta.inserted);
    kept.erased.push_back({delta.position, delta.erased});
    kept.inserted.push_back(units(delta.inserted));
    size_ = size_ - delta.erased + kept.inserted.back();
    data["deltas"].push_back(
        {{"at", delta.position}, {"erase", delta.erased}, {"insert", delta.inserted}});
  }
  data["v"] = ++number_;
  kept.event = event("delta", data, id_locked());
  for (const auto& stream : streams_.of(document_)) stream->push(kept.event);
  keep(std::move(kept));
  changed_.notify_all();
}

void OpenText::keep(Change change) {
  history_bytes_ += change.event->size();
  history_.push_back(std::move(change));
  while (history_.size() > kHistoryMax || history_bytes_ > kHistoryBytesMax) {
    history_bytes_ -= history_.front().event->size();
    history_.pop_front();
  }
}

std::string OpenText::id_locked() const { return epoch_ + '.' + std::to_string(number_); }

OpenText::State OpenText::state() const {
  const std::lock_guard lock(mutex_);
  return {version_locked(), text_};
}

void OpenText::begin(const std::shared_ptr<Stream>& stream, const std::optional<Version>& after,
                     const std::function<void()>& add) {
  const std::lock_guard lock(mutex_);
  const bool is_known = after && find_old_locked(*after).has_value();
  json data{{"epoch", epoch_}, {"v", is_known ? after->number : number_}};
  if (is_known) {
    const std::string id = epoch_ + '.' + std::to_string(after->number);
    stream->push(event("resumed", data, id));
    const auto missed = static_cast<std::ptrdiff_t>(number_ - after->number);
    for (auto it = history_.end() - missed; it != history_.end(); ++it) stream->push(it->event);
  } else {
    data["text"] = text_;
    stream->push(event("text", data, id_locked()));
  }
  add();
}

// ---- Places.

std::optional<OldText> OpenText::find_old_locked(const Version& version) const {
  if (version.epoch != epoch_ || version.number > number_) return std::nullopt;
  const std::uint64_t missed = number_ - version.number;
  if (missed > history_.size()) return std::nullopt;
  auto change = history_.end() - static_cast<std::ptrdiff_t>(missed);
  OldText old(change == history_.end() ? size_ : change->size_before);
  for (; change != history_.end(); ++change) {
    for (std::size_t i = 0; i < change->erased.size(); ++i) {
      old.change(change->erased[i].at, change->erased[i].count, change->inserted[i]);
    }
  }
  return old;
}

OldText OpenText::old_locked(const Version& version) const {
  std::optional<OldText> old = find_old_locked(version);
  if (!old) refuse_version();
  return *std::move(old);
}

std::vector<std::string> OpenText::anchors(const Version& version,
                                           const std::vector<std::uint64_t>& places) {
  const std::lock_guard lock(mutex_);
  const OldText old = old_locked(version);
  std::vector<std::string> anchors;
  anchors.reserve(places.size());
  for (const std::uint64_t place : places) {
    anchors.push_back(text_document_.anchor(old.now(place), ab::TextSide::kBefore));
  }
  return anchors;
}

std::vector<std::string> OpenText::selection(const Version& version, std::uint64_t from,
                                             std::uint64_t to) {
  const std::lock_guard lock(mutex_);
  const OldText old = old_locked(version);
  const auto side = [&](bool begins) {
    return begins ? ab::TextSide::kBehind : ab::TextSide::kBefore;
  };
  return {text_document_.anchor(old.now(from), side(from < to)),
          text_document_.anchor(old.now(to), side(to < from))};
}

std::vector<ab::TextAuthor> OpenText::authors(const Version& version, std::uint64_t from,
                                              std::uint64_t to) {
  const std::lock_guard lock(mutex_);
  const OldText old = old_locked(version);
  const std::uint64_t begin = old.now(from);
  std::vector<ab::TextAuthor> found;
  for (const ab::TextAuthor& each : text_document_.authors(begin, old.now(to) - begin)) {
    for (const OldText::Range& part : old.shown({each.position, each.count})) {
      found.push_back({part.at, part.count, each.region});
    }
  }
  return found;
}

std::optional<std::uint64_t> OpenText::place(const std::string& anchor) try {
  return text_document_.position(anchor);
} catch (const ab::Error&) {
  return std::nullopt;
}

// ---- Edits.

OpenText::Author& OpenText::author_locked(const std::string& page) {
  auto author = authors_.find(page);
  if (author == authors_.end()) {
    if (authors_.size() == kAuthorsMax) {
      const auto used = [](const auto& each) { return each.second.last_use; };
      authors_.erase(std::ranges::min_element(authors_, {}, used));
    }
    author = authors_.try_emplace(page, Author{ab::TextUndo(text_document_)}).first;
  }
  author->second.last_use = ++uses_;
  return author->second;
}

Outcome OpenText::edit(const TextRequest& request) {
  const std::lock_guard lock(editing_);
  Author& author = author_locked(request.page);
  for (int tries = 0; tries < kTriesMax; ++tries) {
    Outcome outcome;
    if (try_edit(request, author, outcome)) return outcome;
  }
  throw Refused(503, "Too much is being typed here. The edit waits and is sent again.");
}

// Returns false when a change of somebody else has come in between: then the places are not
// certain.
bool OpenText::try_edit(const TextRequest& request, Author& author, Outcome& outcome) {
  std::unique_lock lock(mutex_);
  const std::uint64_t number = number_;
  std::optional<OldText> old;
  if (request.version) old = find_old_locked(*request.version);
  lock.unlock();
  const auto execute = [&](ab::Scope& txn) {
    if (request.version && !old) refuse_version();
    if (request.join) author.undo.join_next();
    author.undo.edit(txn, [&](ab::TextEdit& edit) {
      const std::lock_guard present(mutex_);
      if (number_ != number || edit.size() != size_ || edit.read(0, size_) != text_) throw Behind{};
      OldText copy = old ? *old : OldText(size_);
      apply(request, copy, edit);
      outcome.changed = edit.size() != size_ || edit.read(0, edit.size()) != text_;
    });
    if (outcome.changed) Document{txn, document_}.set_typed_last(region_, request.name);
  };
  try {
    outcome.known = !store_.once(request.id, execute, ab::OnceIn::kOneRegion);
  } catch (const Behind&) {
    lock.lock();
    changed_.wait_for(lock, kPatience, [&] { return number_ != number; });
    return false;
  }
  return true;
}

void OpenText::apply(const TextRequest& request, OldText& old, ab::TextEdit& edit) {
  edit.note(note_of(request));
  for (const TextStep& step : request.steps) {
    if (step.anchor.empty()) {
      try {
        for (const auto& range : old.erase(step.at, step.erase)) edit.erase(range.at, range.count);
        edit.insert(old.insert(step.at, units(step.insert)), step.insert);
      } catch (const std::out_of_range&) {
        throw Refused(400, "A place is behind the end of the text.");
      }
    } else {
      const std::uint64_t at = edit.position(step.anchor);
      const std::uint64_t end = step.to.empty() ? at : edit.position(step.to);
      if (end > at) edit.erase(at, end - at);
      edit.insert(at, step.insert);
    }
    if (edit.size() > kLimits.text_units) {
      throw Refused(413, "A text has at most 2,000,000 characters.");
    }
  }
}

Outcome OpenText::undo(const std::string& page, const std::string& id) {
  return step(page, id, &ab::TextUndo::undo);
}

Outcome OpenText::redo(const std::string& page, const std::string& id) {
  return step(page, id, &ab::TextUndo::redo);
}

// Steps are in memory, and so are the requests that have taken them back.
Outcome OpenText::step(const std::string& page, const std::string& id,
                       bool (ab::TextUndo::*which)()) {
  const std::lock_guard lock(editing_);
  Author& author = author_locked(page);
  for (const auto& [request, outcome] : author.taken_back) {
    if (request == id) return {true, outcome.changed};
  }
  const Outcome outcome{false, (author.undo.*which)()};
  author.taken_back.emplace_back(id, outcome);
  if (author.taken_back.size() > kTakenBackMax) author.taken_back.pop_front();
  return outcome;
}

}  // namespace board
