#include "types/text_replacement.h"

#include <utility>

namespace anabranch::types {

namespace {

using Index = crdt::TextOrder::Index;

Index points_of(std::string_view utf8) {
  return crdt::utf8_length(utf8).value_or(crdt::TextLength()).points;
}

}  // namespace

std::uint64_t units_of(std::string_view utf8, TextUnit unit) {
  const crdt::TextLength length = crdt::utf8_length(utf8).value_or(crdt::TextLength());
  return unit == TextUnit::kUtf16 ? length.units : length.points;
}

void revert(std::u32string& text, const std::vector<TextReplacement>& replacements) {
  for (auto each = replacements.rbegin(); each != replacements.rend(); ++each) {
    text.replace(each->index, points_of(each->inserted), crdt::utf8_decoded(each->erased));
  }
}

void TextRecorder::begin(std::uint32_t index) {
  const std::uint64_t position =
      unit_ == TextUnit::kUtf16 ? order_.length_before(index).units : index;
  recorded_.push_back({index, position, {}, {}, {}});
  inserted_points_ = 0;
}

void TextRecorder::will_insert(std::uint32_t index, std::string_view text) {
  const bool goes_on = !recorded_.empty() && index == recorded_.back().index + inserted_points_;
  if (!goes_on) begin(index);
  recorded_.back().inserted += text;
  inserted_points_ += points_of(text);
}

void TextRecorder::will_erase(std::uint32_t index, std::uint32_t count) {
  if (recorded_.empty()) begin(index);
  TextReplacement* last = &recorded_.back();
  const Index end = last->index + inserted_points_;
  if (index >= last->index && index < end && index + count <= end) {  // Of what was inserted.
    const std::uint32_t from = crdt::utf8_prefix(last->inserted, index - last->index).bytes;
    const std::uint32_t to = crdt::utf8_prefix(last->inserted, index - last->index + count).bytes;
    last->inserted.erase(from, to - from);
    inserted_points_ -= count;
    if (last->inserted.empty() && last->erased.empty()) recorded_.pop_back();
    // A later insert continues the replacement before only if it really touches it.
    inserted_points_ = recorded_.empty() ? 0 : points_of(recorded_.back().inserted);
    return;
  }
  const std::string text = order_.text(index, count);
  const bool backwards = inserted_points_ == 0 && index + count == last->index;
  if (backwards) {
    last->index = index;
    last->position -= units_of(text, unit_);
  } else if (index != end) {
    begin(index);
    last = &recorded_.back();
  }
  last->erased.insert(backwards ? 0 : last->erased.size(), text);
  if (parts_ == Parts::kLeftOut) return;
  const auto parts = order_.parts(index, count);
  last->parts.insert(backwards ? last->parts.begin() : last->parts.end(), parts.begin(),
                     parts.end());
}

std::vector<TextReplacement> TextRecorder::take() {
  inserted_points_ = 0;
  return std::exchange(recorded_, {});
}

}  // namespace anabranch::types
