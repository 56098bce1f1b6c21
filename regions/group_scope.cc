#include "regions/group_scope.h"

#include <cmath>
#include <utility>

#include "crdt/resolve.h"
#include "regions/clear.h"

namespace anabranch::regions {

using core::Path;

namespace {

[[noreturn]] void too_large(const std::string& what, std::size_t size, std::size_t limit,
                            const char* unit, const char* option) {
  throw Error(ErrorCode::kTooLarge, what + " of " + std::to_string(size) + " " + unit +
                                        " is over the limit of " + std::to_string(limit) + " " +
                                        unit + " (" + option + ")");
}

}  // namespace

template <typename Function>
auto GroupScope::read(const Function& function) const {
  return function(View(replica_.group().stage(), replica_.names(), resolvers_));
}

void GroupScope::write(const std::function<void(Group&)>& function) {
  replica_.write([&](Group& group) {
    function(group);
    if (group.transaction_bytes() > limits_.transaction_bytes_max) {
      too_large("a transaction", group.transaction_bytes(), limits_.transaction_bytes_max, "bytes",
                "transaction_bytes_max");
    }
  });
}

void GroupScope::check_room_to_remove() const {
  (void)replica_.group();  // Looks, when it begins.
  const Reserve& reserve = replica_.reserve();
  if (!reserve.allows_removing()) throw Error(ErrorCode::kIo, reserve.text());
}

void GroupScope::check_room_to_add(std::size_t bytes) const {
  const Group& group = replica_.group();
  const Reserve& reserve = replica_.reserve();
  if (!reserve.holds(group.transaction_bytes() + bytes)) {
    throw Error(ErrorCode::kIo, reserve.text());
  }
}

void GroupScope::atomically(const std::function<void(Scope&)>& function) {
  replica_.write([&](Group& /*group*/) { function(*this); });
}

void GroupScope::at_once(const std::function<void(const Scope&)>& function) const {
  function(*this);
}

WriteName GroupScope::next_write() const {
  const Group& group = replica_.group();
  if (!group.in_transaction()) {
    throw Error(ErrorCode::kInvalid,
                "only the writes of a transaction have names before they happen");
  }
  const core::Dot dot = group.next();
  return {dot.origin, dot.seq};
}

Type GroupScope::type(const Key& key) const {
  // Asked before most writes: what is about to be written is read once.
  Group& group = replica_.group();
  if (group.in_transaction() && group.stage().peek(path_of(key.of(Type::kString))).present()) {
    return Type::kString;
  }
  return read([&](const View& view) { return view.type(key); });
}

std::optional<std::string> GroupScope::get(const Key& row) const {
  return read([&](const View& view) { return view.get(row); });
}

std::vector<Sibling> GroupScope::siblings(const Key& row) const {
  return read([&](const View& view) { return view.siblings(row); });
}

std::int64_t GroupScope::tally(const Key& row) const {
  return read([&](const View& view) { return view.tally(row); });
}

double GroupScope::tally_real(const Key& row) const {
  return read([&](const View& view) { return view.tally_real(row); });
}

bool GroupScope::contains(const Key& row) const {
  return read([&](const View& view) { return view.contains(row); });
}

std::uint64_t GroupScope::count(const Key& collection) const {
  return read([&](const View& view) { return view.count(collection); });
}

void GroupScope::scan(const Key& prefix, const Span& span, const Visit& visit) const {
  read([&](const View& view) { view.scan(prefix, span, visit); });
}

void GroupScope::names(const Key& prefix, const Span& span, const VisitName& visit) const {
  read([&](const View& view) { view.names(prefix, span, visit); });
}

Fingerprint GroupScope::fingerprint(const Key& prefix) const {
  return read([&](const View& view) { return view.fingerprint(prefix); });
}

void GroupScope::put(const Key& row, std::string_view value) {
  if (value.size() > limits_.value_bytes_max) {
    too_large("a value", value.size(), limits_.value_bytes_max, "bytes", "value_bytes_max");
  }
  check_room_to_add(value.size());
  write([&](Group& group) { group.put(path_of(row), value); });
}

void GroupScope::remove(const Key& row) {
  check_room_to_remove();
  write([&](Group& group) {
    const Path path = path_of(row);
    if (!group.stage().peek(path).cell.siblings.empty()) group.remove(path);
  });
}

void GroupScope::add(const Key& row, std::int64_t amount) {
  const std::string shown = get(row).value_or("0");
  const auto value = crdt::parse_integer(shown);
  if (!value) throw Error(ErrorCode::kInvalid, row.name() + " holds no integer");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*value, amount, &sum)) {
    throw Error(ErrorCode::kInvalid, row.name() + ": the sum would leave 64 bits");
  }
  check_room_to_add(0);
  write([&](Group& group) { group.add(path_of(row), amount); });
}

void GroupScope::add_real(const Key& row, double amount) {
  if (!std::isfinite(amount)) {
    throw Error(ErrorCode::kInvalid, row.name() + ": only finite numbers can be added");
  }
  const auto shown = read([&](const View& view) { return view.number(row); });
  if (!shown) throw Error(ErrorCode::kInvalid, row.name() + " holds no integer");
  const crdt::Tally& tally = replica_.group().stage().peek(path_of(row)).tally;
  const crdt::Slot* const own = tally.find(replica_.identity().origin);
  const auto leaves_range = [&](const core::Number& sum) {
    return !std::isfinite(sum.plus(core::Number::real(amount)).as_real());
  };
  // What this leader has added is stored as one sum, beside those of the others.
  if (leaves_range(*shown) || (own != nullptr && leaves_range(own->total))) {
    throw Error(ErrorCode::kInvalid, row.name() + ": the sum would leave the range of a double");
  }
  check_room_to_add(0);
  write([&](Group& group) { group.add(path_of(row), core::Number::real(amount)); });
}

void GroupScope::reset(const Key& row) {
  check_room_to_remove();
  write([&](Group& group) {
    const Path path = path_of(row);
    if (group.stage().peek(path).tally.live()) group.reset(path);
  });
}

void GroupScope::clear(const Key& prefix) {
  check_room_to_remove();
  write([&](Group& group) {
    const Path path = path_of(prefix);
    if (anything_below(group.stage(), path)) group.clear(path);
  });
}

}  // namespace anabranch::regions
