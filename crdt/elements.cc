#include "crdt/elements.h"

#include "crdt/type_table.h"

namespace anabranch::crdt {

namespace {

// Takes components off an encoding, still encoded.
class Walk {
 public:
  explicit Walk(std::string_view encoded) : encoded_(encoded) {}

  // Makes component() the next one. Returns false behind the last.
  bool next() {
    const std::size_t behind = core::behind_component(encoded_, at_);
    if (behind == std::string_view::npos) return false;
    component_ = encoded_.substr(at_, behind - core::kComponentEnd.size() - at_);
    at_ = behind;
    return true;
  }
  [[nodiscard]] std::string_view component() const { return component_; }
  [[nodiscard]] bool is(Type tag) const {
    return component_.size() == 1 && component_.front() == static_cast<char>(tag);
  }
  [[nodiscard]] std::size_t taken() const { return at_; }

 private:
  std::string_view encoded_;
  std::string_view component_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::size_t> elements_on(std::string_view encoded) {
  std::vector<std::size_t> found;
  if (!may_have_elements(encoded)) return found;
  Walk walk(encoded);
  if (!walk.next() || walk.component() == std::string_view("\0\xFF", 2)) return found;
  if (!walk.next()) return found;
  while (walk.next()) {  // The tag of the next place.
    const bool is_item = walk.is(Type::kItemList);
    if (!is_item && !walk.is(Type::kMap)) return found;
    if (!walk.next() || (is_item && walk.component() == kMoved)) return found;
    if (is_item) found.push_back(walk.taken());
  }
  return found;
}

}  // namespace anabranch::crdt
