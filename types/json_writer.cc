// JSON into keys: what differs from what is shown is written, in one transaction.

#include <anabranch/json.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "types/json_value.h"

namespace anabranch {

namespace types {

namespace {

using Strings = std::vector<std::string>;

// What becomes of the fields of a map that the JSON lacks.
enum class Others : std::uint8_t { kRemove, kKeep };

class JsonWriter {
 public:
  JsonWriter(Scope& txn, Others others) : txn_(txn), others_(others) {}

  void put(const Key& key, const Json& json, std::size_t level) {
    expect_level(key, level);
    if (json.is_null()) {
      if (txn_.type(key) != Type::kNone) txn_.clear(key);
    } else if (is_value(json)) {
      put_value(key, json);
    } else if (json.is_object()) {
      put_map(key, json, level);
    } else {
      put_array(key, json);
    }
  }

 private:
  void put_map(const Key& key, const Json& json, std::size_t level) {
    expect_type(txn_, key, Type::kMap);
    if (others_ == Others::kRemove) {
      for (const std::string& field : Map(txn_, key).fields()) {
        if (!json.contains(field)) txn_.clear(key.field(field));
      }
    }
    for (const auto& [field, value] : json.items()) put(key.field(field), value, level + 1);
  }

  void put_value(const Key& key, const Json& json) {
    switch (txn_.type(key)) {
      case Type::kText:
        return put_text(key, json);
      case Type::kEnableWinsFlag:
        return put_flag<Type::kEnableWinsFlag>(key, json);
      case Type::kDisableWinsFlag:
        return put_flag<Type::kDisableWinsFlag>(key, json);
      default:
        break;
    }
    expect_type(txn_, key, Type::kString);
    const std::string bytes = to_bytes(key, json);
    if (txn_.get(key.of(Type::kString)) != bytes) Register<std::string>(txn_, key).put(bytes);
  }

  void put_text(const Key& key, const Json& json) {
    if (!json.is_string()) refuse(key, json, "a string");
    Text text(txn_, key);
    const auto whole = json.get<std::string>();
    if (text.str() != whole) text.replace(whole);
  }

  template <Type kType>
  void put_flag(const Key& key, const Json& json) {
    if (!json.is_boolean()) refuse(key, json, "true or false");
    Flag<kType> flag(txn_, key);
    if (flag.get() == json.get<bool>()) return;
    json.get<bool>() ? flag.enable() : flag.disable();
  }

  void put_array(const Key& key, const Json& json) {
    switch (txn_.type(key)) {
      case Type::kSet:
        return put_set(Set<std::string>(txn_, key), elements(key, json));
      case Type::kRemoveWinsSet:
        return put_set(RemoveWinsSet<std::string>(txn_, key), elements(key, json));
      case Type::kSortedSet:
        return put_sorted_set(key, json);
      default:
        expect_type(txn_, key, Type::kList);
        return put_list(key, elements(key, json));
    }
  }

  [[nodiscard]] static Strings elements(const Key& key, const Json& json) {
    Strings all;
    for (const Json& each : json) {
      if (!is_value(each)) {
        throw Error(ErrorCode::kInvalid, key.name() + ": an array of the JSON holds " +
                                             name_of(each) +
                                             "; elements are strings, numbers and booleans");
      }
      all.push_back(to_bytes(key, each));
    }
    return all;
  }

  template <typename Handle>
  static void put_set(Handle set, const Strings& elements) {
    const std::set<std::string> wanted(elements.begin(), elements.end());
    for (const std::string& each : set.elements()) {
      if (!wanted.contains(each)) set.erase(each);
    }
    for (const std::string& each : wanted) {
      if (!set.contains(each)) set.insert(each);
    }
  }

  void put_sorted_set(const Key& key, const Json& json) {
    SortedSet<std::string> set(txn_, key);
    std::set<std::string> wanted;
    for (const Json& each : json) {
      const bool is_pair =
          each.is_array() && each.size() == 2 && is_value(each[0]) && each[1].is_number();
      if (!is_pair) refuse(key, each, "a pair [member, score]");
      const std::string member = to_bytes(key, each[0]);
      const auto score = each[1].get<double>();
      if (set.score(member) != score) set.put(member, score);
      wanted.insert(member);
    }
    for (const auto& each : set.range()) {
      if (!wanted.contains(each.member)) set.erase(each.member);
    }
  }

  // Leaves the elements at the beginning and at the end that are there already.
  void put_list(const Key& key, const Strings& wanted) {
    List<std::string> list(txn_, key);
    const Strings shown = list.elements();
    const auto [old_from, from] = std::ranges::mismatch(shown, wanted);
    const auto first = static_cast<std::size_t>(from - wanted.begin());
    std::size_t same = 0;  // At the end.
    while (same < std::min(shown.size(), wanted.size()) - first &&
           shown[shown.size() - 1 - same] == wanted[wanted.size() - 1 - same]) {
      ++same;
    }
    for (std::size_t i = shown.size() - same; i > first; --i) list.erase(i - 1);
    for (std::size_t i = first; i < wanted.size() - same; ++i) list.insert(i, wanted[i]);
  }

  [[nodiscard]] static std::string name_of(const Json& json) {
    return std::string(json.is_null()                        ? ""
                       : json.is_array() || json.is_object() ? "an "
                                                             : "a ") +
           json.type_name();
  }
  [[noreturn]] static void refuse(const Key& key, const Json& json, const std::string& wanted) {
    throw Error(ErrorCode::kWrongType,
                key.name() + " takes " + wanted + ", and the JSON has " + name_of(json));
  }

  Scope& txn_;
  Others others_;
};

void write(Scope& scope, const Key& key, std::string_view text, Others others) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kInvalid, key.name() + ": this is no JSON: " + error.what());
  }
  scope.atomically([&](Scope& txn) { JsonWriter(txn, others).put(key, json, 1); });
}

}  // namespace

}  // namespace types

void put_json(Scope& scope, const Key& key, std::string_view json) {
  types::write(scope, key, json, types::Others::kRemove);
}

void patch_json(Scope& scope, const Key& key, std::string_view patch) {
  types::write(scope, key, patch, types::Others::kKeep);
}

}  // namespace anabranch
