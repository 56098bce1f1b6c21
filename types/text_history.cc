#include "types/text_history.h"

#include <algorithm>
#include <utility>

namespace anabranch::types {

namespace {

using crdt::Place;
using Index = crdt::TextOrder::Index;

Place first_of(const TextPart& part) { return {part.run, part.start}; }
Place last_of(const TextPart& part) { return {part.run, part.start + part.count - 1}; }

std::size_t bytes_of(const TextStep& step) {
  std::size_t bytes = sizeof(step);
  const auto add = [&](const std::vector<TextPart>& parts) {
    for (const TextPart& each : parts) bytes += sizeof(each) + each.run.size();
  };
  add(step.inserted);
  for (const ErasedText& each : step.erased) {
    bytes += sizeof(each) + each.text.size();
    add(each.parts);
  }
  return bytes;
}

std::uint64_t characters_of(const std::vector<TextPart>& parts) {
  std::uint64_t count = 0;
  for (const TextPart& each : parts) count += each.count;
  return count;
}

// Returns the first place of a part behind another place; nullopt if there is none.
std::optional<Place> next_in(const TextPart& part, const Place& place) {
  if (crdt::compare(first_of(part), place) > 0) return first_of(part);
  if (crdt::compare(last_of(part), place) <= 0) return std::nullopt;
  const auto within = crdt::index_in(part.run, place);
  if (!within) return std::nullopt;
  return Place{part.run, place.run == part.run ? *within + 1 : *within};
}

// Divides parts before the character of a number.
std::pair<std::vector<TextPart>, std::vector<TextPart>> divide(const std::vector<TextPart>& parts,
                                                               std::uint64_t at) {
  std::pair<std::vector<TextPart>, std::vector<TextPart>> halves;
  for (const TextPart& each : parts) {
    const auto left = static_cast<Index>(std::min<std::uint64_t>(at, each.count));
    if (left > 0) halves.first.push_back({each.run, each.start, left});
    if (left < each.count) {
      halves.second.push_back({each.run, each.start + left, each.count - left});
    }
    at -= left;
  }
  return halves;
}

// Returns erased characters without those that were also inserted by the same step.
ErasedText without(const ErasedText& erased, const std::vector<TextPart>& inserted) {
  ErasedText rest;
  std::string_view text = erased.text;
  const auto take = [&](const TextPart& part, Index from, Index to, bool keep) {
    const std::uint32_t bytes = crdt::utf8_prefix(text, to - from).bytes;
    if (keep && from < to) {
      rest.text += text.substr(0, bytes);
      rest.parts.push_back({part.run, from, to - from});
    }
    text.remove_prefix(bytes);
  };
  for (const TextPart& part : erased.parts) {
    Index at = part.start;
    const Index end = part.start + part.count;
    while (at < end) {
      Index next = end;
      bool covered = false;
      for (const TextPart& own : inserted) {
        if (own.run != part.run || own.start + own.count <= at) continue;
        if (own.start <= at) {
          covered = true;
          next = std::min(end, own.start + own.count);
          break;
        }
        next = std::min(next, own.start);
      }
      take(part, at, next, !covered);
      at = next;
    }
  }
  return rest;
}

// Inserts erased characters again.
class Restoring {
 public:
  Restoring(TextEditor& editor, std::vector<TextPart> erased)
      : editor_(editor), erased_(std::move(erased)) {}

  // Characters stay together where nothing is shown, or was erased by other steps, between them.
  void restore(const std::vector<TextPart>& parts, std::string_view text) {
    const crdt::TextOrder& order = editor_.order();
    const Place first = first_of(parts.front());
    const Place last = last_of(parts.back());
    const Index index = order.index_of(first);
    const bool together = index == order.index_of(last) && !shows(index, first) &&
                          !shows(index, last) && !erased_between(first, last);
    if (together) return insert(parts, index, text);
    const std::uint64_t count = characters_of(parts);
    if (count == 1) return;  // It is shown.
    const auto [left, right] = divide(parts, count / 2);
    const std::uint32_t bytes = crdt::utf8_prefix(text, static_cast<Index>(count / 2)).bytes;
    restore(left, text.substr(0, bytes));
    restore(right, text.substr(bytes));
  }

  [[nodiscard]] std::vector<Restored> take() { return std::move(restored_); }

 private:
  [[nodiscard]] bool shows(Index index, const Place& place) const {
    const auto shown = editor_.order().place_at(index);
    return shown && shown->run == place.run && shown->index == place.index;
  }
  [[nodiscard]] std::optional<Place> erased_behind(const Place& place) const {
    std::optional<Place> next;
    for (const TextPart& each : erased_) {
      const auto found = next_in(each, place);
      if (found && (!next || crdt::compare(*found, *next) < 0)) next = found;
    }
    return next;
  }
  [[nodiscard]] bool erased_between(const Place& first, const Place& last) const {
    const auto next = erased_behind(first);
    return next && crdt::compare(*next, last) < 0;
  }

  void insert(const std::vector<TextPart>& parts, Index index, std::string_view text) {
    const auto shown = editor_.order().place_at(index);
    std::string right = shown ? crdt::position_at(*shown) : std::string();
    const auto next = erased_behind(last_of(parts.back()));
    if (next && (!shown || crdt::compare(*next, *shown) < 0)) right = crdt::position_at(*next);
    const std::string left = crdt::position_at(first_of(parts.front()));
    std::vector<TextPart> from = parts;
    for (const TextPart& to : editor_.insert_between(left, right, index, text)) {
      auto [now, rest] = divide(from, to.count);
      Index start = to.start;
      for (const TextPart& each : now) {
        restored_.push_back({each, {to.run, start, each.count}});
        start += each.count;
      }
      from = std::move(rest);
    }
  }

  TextEditor& editor_;
  std::vector<TextPart> erased_;
  std::vector<Restored> restored_;
};

// Replaces erased characters by those that stand for them.
void follow(std::vector<TextPart>& parts, const Restored& restored) {
  const auto& [from, to] = restored;
  std::vector<TextPart> followed;
  for (const TextPart& each : parts) {
    const Index end = each.start + each.count;
    const Index begin = std::max(each.start, from.start);
    const Index stop = std::min(end, from.start + from.count);
    if (each.run != from.run || begin >= stop) {
      followed.push_back(each);
      continue;
    }
    if (each.start < begin) followed.push_back({each.run, each.start, begin - each.start});
    followed.push_back({to.run, to.start + (begin - from.start), stop - begin});
    if (stop < end) followed.push_back({each.run, stop, end - stop});
  }
  parts = std::move(followed);
}

}  // namespace

TextStep step_of(const TextEditor& editor, const std::vector<TextReplacement>& replacements) {
  TextStep step;
  step.inserted = editor.written();
  for (const TextReplacement& each : replacements) {
    ErasedText rest = without({each.erased, each.parts}, editor.begun());
    if (!rest.parts.empty()) step.erased.push_back(std::move(rest));
  }
  return step;
}

std::vector<Restored> undo(TextEditor& editor, const TextStep& step, std::vector<TextPart> erased) {
  for (const ErasedText& each : step.erased) {
    erased.insert(erased.end(), each.parts.begin(), each.parts.end());
  }
  Restoring restoring(editor, std::move(erased));
  for (const ErasedText& each : step.erased) restoring.restore(each.parts, each.text);
  for (const TextPart& each : step.inserted) editor.erase_part(each);
  return restoring.take();
}

// ---- The steps.

void TextHistory::Steps::push(TextStep step) {
  bytes += bytes_of(step);
  steps.push_back(std::move(step));
  while (steps.size() > 1 && (steps.size() > kStepsMax || bytes > kBytesMax)) {
    bytes -= bytes_of(steps.front());
    steps.pop_front();
  }
}

void TextHistory::Steps::pop() {
  bytes -= bytes_of(steps.back());
  steps.pop_back();
}

void TextHistory::add(TextStep step) {
  const bool joins = std::exchange(joins_, false);
  if (step.empty()) return;
  redo_ = {};
  if (joins && !undo_.steps.empty()) {
    TextStep last = undo_.steps.back();
    undo_.pop();
    for (const ErasedText& each : step.erased) {
      ErasedText rest = without(each, last.inserted);
      if (!rest.parts.empty()) last.erased.push_back(std::move(rest));
    }
    last.inserted.insert(last.inserted.end(), step.inserted.begin(), step.inserted.end());
    step = std::move(last);
  }
  undo_.push(std::move(step));
}

const TextStep* TextHistory::next(Kind kind) const {
  const Steps& all = kind == Kind::kUndo ? undo_ : redo_;
  return all.steps.empty() ? nullptr : &all.steps.back();
}

void TextHistory::move(Kind kind, TextStep inverse) {
  joins_ = false;
  if (!steps(kind).steps.empty()) steps(kind).pop();
  if (inverse.empty()) return;
  steps(kind == Kind::kUndo ? Kind::kRedo : Kind::kUndo).push(std::move(inverse));
}

void TextHistory::follow(const std::vector<Restored>& restored) {
  for (Steps* const all : {&undo_, &redo_}) {
    all->bytes = 0;
    for (TextStep& step : all->steps) {
      for (const Restored& each : restored) types::follow(step.inserted, each);
      all->bytes += bytes_of(step);
    }
  }
}

void TextHistory::add_erased(std::vector<TextPart>& parts, const TextStep* but) const {
  for (const Steps* const all : {&undo_, &redo_}) {
    for (const TextStep& step : all->steps) {
      if (&step == but) continue;
      for (const ErasedText& each : step.erased) {
        parts.insert(parts.end(), each.parts.begin(), each.parts.end());
      }
    }
  }
}

}  // namespace anabranch::types
