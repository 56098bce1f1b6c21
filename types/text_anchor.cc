#include "types/text_anchor.h"

#include <anabranch/error.h>

#include "core/base64.h"

namespace anabranch::types {

namespace {

constexpr char kInFront = 'b';
constexpr char kBehind = 'a';

[[noreturn]] void refuse() {
  throw Error(ErrorCode::kInvalid,
              "this is no anchor of a text: give back what anchor() has returned, unchanged");
}

}  // namespace

std::string anchor_at(const crdt::TextOrder& order, crdt::TextOrder::Index index, TextSide side) {
  const bool in_front = side == TextSide::kBehind;
  std::string anchor(1, in_front ? kInFront : kBehind);
  if (!in_front && index == 0) return anchor;
  const auto place = order.place_at(in_front ? index : index - 1);
  if (place) anchor += core::to_base64(crdt::position_at(*place));
  return anchor;
}

crdt::TextOrder::Index index_of_anchor(const crdt::TextOrder& order, std::string_view anchor) {
  if (anchor.empty() || (anchor.front() != kInFront && anchor.front() != kBehind)) refuse();
  const bool in_front = anchor.front() == kInFront;
  if (anchor.size() == 1) return in_front ? order.length().points : 0;
  const auto position = core::from_base64(anchor.substr(1));
  const auto place = position ? crdt::place_of(*position) : std::nullopt;
  if (!place) refuse();
  const crdt::TextOrder::Index index = order.index_of(*place);
  if (in_front) return index;
  const auto shown = order.place_at(index);
  const bool is_there = shown && shown->run == place->run && shown->index == place->index;
  return is_there ? index + 1 : index;
}

}  // namespace anabranch::types
