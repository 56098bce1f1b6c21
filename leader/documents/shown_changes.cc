#include "leader/documents/shown_changes.h"

#include <algorithm>
#include <utility>

namespace anabranch::leader {

TextChange told_of(ShownChange change, TextUnit unit) {
  TextChange told;
  told.size = change.size;
  told.region = std::move(change.region);
  told.remote = change.remote;
  told.own = change.own;
  told.anew = change.anew;
  told.note = std::move(change.note);
  told.deltas.reserve(change.replacements.size());
  for (types::TextReplacement& each : change.replacements) {
    told.deltas.push_back(
        {each.position, types::units_of(each.erased, unit), std::move(each.inserted)});
  }
  return told;
}

void ShownChanges::add(ShownChange change) {
  if (change.edit != 0 || !change.replacements.empty()) changes_.push_back(std::move(change));
}

void ShownChanges::keep(std::uint64_t edit) {
  for (ShownChange& each : changes_) {
    if (each.edit == edit) each.edit = 0;
  }
}

bool ShownChanges::undo(std::uint64_t edit) {
  std::erase_if(changes_, [&](const ShownChange& each) {
    return each.edit == edit && !each.read && each.replacements.empty();
  });
  return std::ranges::find(changes_, edit, &ShownChange::edit) != changes_.end();
}

std::optional<ShownChange> ShownChanges::take_committed() {
  if (changes_.empty() || changes_.front().edit != 0) return std::nullopt;
  ShownChange first = std::move(changes_.front());
  changes_.pop_front();
  return first;
}

void ShownChanges::revert(std::u32string& text) const {
  for (auto each = changes_.rbegin(); each != changes_.rend(); ++each) {
    types::revert(text, each->replacements);
  }
}

}  // namespace anabranch::leader
