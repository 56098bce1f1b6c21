#include "regions/group_scope.h"

#include <utility>

#include "crdt/resolve.h"

namespace anabranch::regions {

using core::Path;

namespace {

[[noreturn]] void too_large(const std::string& what, std::size_t size, std::size_t limit,
                            const char* unit, const char* option) {
  throw Error(ErrorCode::kTooLarge, what + " of " + std::to_string(size) + " " + unit +
                                        " is over the limit of " + std::to_string(limit) + " " +
                                        unit + " (" + option + ")");
}

// Counts the rows below a prefix, and gives up above the limit.
std::size_t rows_below(const Stage& stage, const Path& prefix, std::size_t limit) {
  std::size_t rows = 0;
  stage.scan(prefix,
             [&](const Path& /*path*/, const crdt::Row& /*row*/) { return ++rows <= limit; });
  return rows;
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

void GroupScope::atomically(const std::function<void(Scope&)>& function) {
  replica_.write([&](Group& /*group*/) { function(*this); });
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

bool GroupScope::contains(const Key& row) const {
  return read([&](const View& view) { return view.contains(row); });
}

std::uint64_t GroupScope::count(const Key& collection) const {
  return read([&](const View& view) { return view.count(collection); });
}

void GroupScope::scan(const Key& prefix, const std::function<bool(const Entry&)>& visit) const {
  read([&](const View& view) { view.scan(prefix, visit); });
}

void GroupScope::put(const Key& row, std::string_view value) {
  if (value.size() > limits_.value_bytes_max) {
    too_large("a value", value.size(), limits_.value_bytes_max, "bytes", "value_bytes_max");
  }
  write([&](Group& group) { group.put(path_of(row), value); });
}

void GroupScope::remove(const Key& row) {
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
  write([&](Group& group) { group.add(path_of(row), amount); });
}

void GroupScope::reset(const Key& row) {
  write([&](Group& group) {
    const Path path = path_of(row);
    if (group.stage().peek(path).tally.live()) group.reset(path);
  });
}

void GroupScope::clear(const Key& prefix) {
  write([&](Group& group) {
    const Path path = path_of(prefix);
    const std::size_t rows = rows_below(group.stage(), path, limits_.clear_rows_max);
    if (rows > limits_.clear_rows_max) {
      too_large("a clear", rows, limits_.clear_rows_max, "rows or more", "clear_rows_max");
    }
    if (rows > 0) group.clear(path);
  });
}

}  // namespace anabranch::regions
