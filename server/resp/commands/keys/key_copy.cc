#include "server/resp/commands/keys/key_copy.h"

#include <string>
#include <vector>

#include <anabranch/handles.h>

#include "core/pace.h"

namespace anabranch::server {
namespace {

// Copies places: keys, and fields of maps, which are small keys.
class Copier {
 public:
  explicit Copier(Scope& txn) : txn_(txn) {}

  void copy(const Key& from, Type type, const Key& to) {
    switch (type) {
      case Type::kNone:
        return;
      case Type::kString:
      case Type::kEnableWinsFlag:
      case Type::kDisableWinsFlag:
        return copy_row(from.of(type), to.of(type));
      case Type::kSet:
      case Type::kRemoveWinsSet:
        return copy_set(from, type, to);
      case Type::kMap:
        return copy_map(from, to);
      case Type::kSortedSet:
        return copy_sorted_set(from, to);
      case Type::kList:
        return copy_list(from, to);
      case Type::kText:
        return copy_text(from, to);
      case Type::kItemList:
        return copy_item_list(from, to);
    }
  }

 private:
  void count() {
    if (++copied_ <= kCopiedMax) return;
    throw Error(ErrorCode::kTooLarge, "the value has more than " + std::to_string(kCopiedMax) +
                                          " elements: too many to be copied by one command");
  }

  void copy_row(const Key& from, const Key& to) {
    count();
    if (const auto value = txn_.get(from)) txn_.put(to, *value);
  }

  // Throws if the elements of a collection are too many, before they are read.
  void check(const Key& collection) {
    if (copied_ + txn_.count(collection) <= kCopiedMax) return;
    copied_ = kCopiedMax;
    count();
  }

  // Returns the names in a collection, of which each is a row or more.
  std::vector<std::string> names_of(const Key& collection) {
    check(collection);
    std::vector<std::string> names;
    txn_.names(collection, {}, [&](const std::string& name) {
      core::Pace::breathe();
      names.push_back(name);
      return true;
    });
    return names;
  }

  void copy_set(const Key& from, Type type, const Key& to) {
    const std::string value(type == Type::kSet ? std::string_view() : Codec<bool>::encode(true));
    for (const std::string& member : names_of(from.of(type))) {
      count();
      txn_.put(to.element(member, type), value);
    }
  }

  void copy_map(const Key& from, const Key& to) {
    for (const std::string& name : names_of(from.of(Type::kMap))) {
      const Key field = from.field(name);
      copy(field, txn_.type(field), to.field(name));
    }
  }

  void copy_sorted_set(const Key& from, const Key& to) {
    check(from.of(Type::kSortedSet));
    SortedSet<std::string> target(txn_, to);
    for (const auto& each : SortedSet<std::string>(txn_, from).range()) {
      count();
      target.put(each.member, each.score);
    }
  }

  void copy_list(const Key& from, const Key& to) {
    check(from.of(Type::kList));
    List<std::string> target(txn_, to);
    for (const std::string& element : List<std::string>(txn_, from).elements()) {
      count();
      target.push_back(element);
    }
  }

  void copy_text(const Key& from, const Key& to) {
    count();
    Text(txn_, to).insert(0, Text(txn_, from).str());
  }

  // The elements of the copy have ids of their own.
  void copy_item_list(const Key& from, const Key& to) {
    check(from.of(Type::kItemList));
    const ItemList source(txn_, from);
    ItemList target(txn_, to);
    for (const std::string& id : source.ids()) {
      count();
      const Key element = source.place(id);
      copy(element, txn_.type(element), target.place(target.push_back()));
    }
  }

  Scope& txn_;
  std::size_t copied_ = 0;
};

}  // namespace

void copy_key(Scope& txn, const Key& from, Type type, const Key& to) {
  if (txn.type(to) != Type::kNone) txn.clear(to);
  Copier(txn).copy(from, type, to);
  if (const auto deadline = txn.deadline(from)) txn.expire(to, deadline);
}

}  // namespace anabranch::server
