// Replacements within a text: the changes of an edit, or a difference, with the erased characters,
// so that it can be reverted. Several are applied one after another: each index is one of the text
// that those before it have made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/text.h>

#include "crdt/text_order.h"

namespace anabranch::types {

struct TextReplacement {
  crdt::TextOrder::Index index = 0;  // In code points.
  std::uint64_t position = 0;        // The same in units of the text.
  std::string erased;                // UTF-8, as the inserted characters are.
  std::string inserted;
  std::vector<crdt::TextOrder::Part> parts;  // Of the erased ones, if they were recorded.
};

// Returns the length of a valid text in units.
[[nodiscard]] std::uint64_t units_of(std::string_view utf8, TextUnit unit);

// Reverts replacements, the last one first.
void revert(std::u32string& text, const std::vector<TextReplacement>& replacements);

// Returns the fewest characters to erase and insert that make one text of another, in order. Found
// by Myers' algorithm in linear space (E. W. Myers, "An O(ND) Difference Algorithm and Its
// Variations", 1986). Texts that differ by more than kDifferenceMax characters are compared in
// pieces, so that the time grows with the length only: then there may be fewer.
inline constexpr std::uint32_t kDifferenceMax = 256;
[[nodiscard]] std::vector<TextReplacement> difference(std::u32string_view before,
                                                      std::u32string_view after, TextUnit unit);

// Records the changes of an order as replacements. Adjacent ones become one: typing, backspacing,
// and typing over a selection.
class TextRecorder final : public crdt::TextListener {
 public:
  // The order must outlive the recorder.
  enum class Parts { kLeftOut, kRecorded };
  TextRecorder(crdt::TextOrder& order, TextUnit unit, Parts parts = Parts::kLeftOut)
      : order_(order), unit_(unit), parts_(parts) {
    order_.tell(this);
  }
  ~TextRecorder() { order_.tell(nullptr); }
  TextRecorder(const TextRecorder&) = delete;
  TextRecorder& operator=(const TextRecorder&) = delete;

  void will_insert(std::uint32_t index, std::string_view text) override;
  void will_erase(std::uint32_t index, std::uint32_t count) override;

  [[nodiscard]] const std::vector<TextReplacement>& recorded() const { return recorded_; }
  [[nodiscard]] std::vector<TextReplacement> take();

 private:
  void begin(std::uint32_t index);

  crdt::TextOrder& order_;
  TextUnit unit_;
  Parts parts_;
  std::vector<TextReplacement> recorded_;
  std::uint32_t inserted_points_ = 0;  // Of the last one.
};

}  // namespace anabranch::types
