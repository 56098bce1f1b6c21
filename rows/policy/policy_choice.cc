#include "rows/policy/policy_choice.h"

#include "crdt/choice.h"

namespace anabranch::rows {

const crdt::Sibling* chosen_sibling(PolicyKind kind, const crdt::Cell& cell) {
  switch (kind) {
    case PolicyKind::kNone:
    case PolicyKind::kLww:
    case PolicyKind::kSiblings:
      return &crdt::last_written(cell);
    case PolicyKind::kMax:
      return &crdt::greatest(cell);
    case PolicyKind::kMin:
      return &crdt::least(cell);
    case PolicyKind::kNative:
    case PolicyKind::kWasm1:
    case PolicyKind::kUnknown:
      return nullptr;
  }
  return nullptr;
}

}  // namespace anabranch::rows
