// A key as JSON, with all its concurrent values. Keys and values are strings if they are UTF-8,
// else {"hex": "00ff..."}.
#include "control/verbs/show_verb.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "control/verbs/bytes_json.h"
#include "control/verbs/shown_bytes.h"
#include "crdt/type_table.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

// The number of elements or fields that are listed.
constexpr std::size_t kShownMax = 100;
// The bytes of them and of their values: JSON of much more would hold up all clients.
constexpr std::size_t kShownBytesMax = std::size_t{256} << 10U;
// The same of a string, whose values had better be there as a whole.
constexpr std::size_t kStringBytesMax = std::size_t{768} << 10U;

// Returns a sum: as an integer if possible.
Json counter_json(const Scope& scope, const Key& row) {
  const double real = scope.counter_double(row);
  if (std::trunc(real) != real) return real;
  try {
    return scope.counter(row);
  } catch (const Error&) {  // Too large for an integer.
    return real;
  }
}

// Returns the names of the first elements or fields.
std::vector<std::string> first_names(const Scope& scope, const Key& collection) {
  std::vector<std::string> names;
  scope.names(collection, {}, [&](const std::string& name) {
    names.push_back(name);
    return names.size() < kShownMax;
  });
  return names;
}

bool is_flag(Type type) { return type == Type::kEnableWinsFlag || type == Type::kDisableWinsFlag; }

// What a key holds.
class Description {
 public:
  Description(Scope& scope, std::size_t bytes_max) : scope_(scope), shown_(bytes_max) {}

  // Whether some values are not there as a whole.
  [[nodiscard]] bool cut() const { return shown_.cut(); }

  // Adds what a key holds.
  void describe(Json& json, const Key& key, Type type) {
    switch (type) {
      case Type::kNone:
        return;
      case Type::kString:
        return describe_string(json, key);
      case Type::kEnableWinsFlag:
      case Type::kDisableWinsFlag:
        return describe_flag(json, key.of(type));
      case Type::kSet:
      case Type::kRemoveWinsSet:
        return describe_set(json, key, type);
      case Type::kMap:
        return describe_map(json, key);
      case Type::kSortedSet:
        return describe_sorted_set(json, key);
      case Type::kList:
        return describe_list(json, key);
      case Type::kText:
        return describe_text(json, key);
      case Type::kItemList:
        return describe_item_list(json, key);
    }
  }

 private:
  Json sibling_json(const Sibling& sibling) {
    Json json{{"region", sibling.region},
              {"time_ms", sibling.time_ms},
              {"value", shown_.json(sibling.value)}};
    if (sibling.base) json["base"] = shown_.json(*sibling.base);
    return json;
  }

  Json siblings_json(const std::vector<Sibling>& siblings) {
    Json array = Json::array();
    for (const Sibling& sibling : siblings) array.push_back(sibling_json(sibling));
    return array;
  }

  // Describes a row of a string: the shown value, and its parts. The siblings are listed also where
  // a policy of a newer version decides between them.
  void describe_string(Json& json, const Key& key) {
    const Key row = key.of(Type::kString);
    json["value"] = Json();
    try {
      if (const auto shown = scope_.get(row)) json["value"] = shown_.json(*shown);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnsupported) throw;
      json["not_shown"] = error.what();
    }
    json["counter"] = counter_json(scope_, row);
    json["siblings"] = siblings_json(scope_.siblings(row));
  }

  void describe_flag(Json& json, const Key& row) {
    json["value"] = scope_.get(row) == Codec<bool>::encode(true);
    json["siblings"] = siblings_json(scope_.siblings(row));
  }

  void describe_set(Json& json, const Key& key, Type type) {
    json["count"] = scope_.count(key.of(type));
    json["elements"] = Json::array();
    for (const std::string& element : first_names(scope_, key.of(type))) {
      const Key row = key.element(element, type);
      json["elements"].push_back(
          {{"element", shown_.json(element)}, {"siblings", siblings_json(scope_.siblings(row))}});
    }
  }

  void describe_map(Json& json, const Key& key) {
    json["count"] = scope_.count(key.of(Type::kMap));
    json["fields"] = Json::array();
    for (const std::string& name : first_names(scope_, key.of(Type::kMap))) {
      const Key field = key.field(name);
      const Type type = scope_.type(field);
      Json entry{{"field", shown_.json(name)}, {"type", to_string(type)}};
      if (type == Type::kString) describe_string(entry, field);
      if (is_flag(type)) describe_flag(entry, field.of(type));
      json["fields"].push_back(std::move(entry));
    }
  }

  void describe_sorted_set(Json& json, const Key& key) {
    const SortedSet<std::string> set{scope_, key};
    json["count"] = set.size();
    json["elements"] = Json::array();
    for (const Scored<std::string>& each : set.range_by_rank(0, kShownMax)) {
      const Key row = key.element(each.member, Type::kSortedSet);
      json["elements"].push_back({{"element", shown_.json(each.member)},
                                  {"score", each.score},
                                  {"siblings", siblings_json(scope_.siblings(row))}});
    }
  }

  void describe_list(Json& json, const Key& key) {
    const List<std::string> list{scope_, key};
    json["count"] = list.size();
    json["elements"] = Json::array();
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(list.size(), kShownMax); ++i) {
      const std::optional<std::string> value = list.get(i);
      if (value) json["elements"].push_back({{"element", shown_.json(*value)}});
    }
  }

  void describe_text(Json& json, const Key& key) {
    const Text text{scope_, key};
    json["count"] = text.size();
    json["value"] = shown_.json(text.str());
  }

  void describe_item_list(Json& json, const Key& key) {
    const ItemList list{scope_, key};
    json["count"] = list.size();
    json["elements"] = Json::array();
    for (const std::string& id : list.ids(0, kShownMax)) {
      json["elements"].push_back({{"id", id}, {"type", to_string(scope_.type(list.place(id)))}});
    }
  }

  Scope& scope_;
  ShownBytes shown_;
};

// Lists the other types of the key: written at the same time in other regions, and not shown beside
// `shown`.
Json hidden_json(const Scope& scope, const Key& key, Type shown) {
  Json hidden = Json::array();
  for (const crdt::TypeEntry& entry : crdt::kTypes) {
    if (entry.type == shown) continue;
    const Key at = key.of(entry.type);
    if (entry.layout == crdt::Layout::kRow) {
      if (scope.contains(at)) hidden.push_back({{"type", entry.name}});
    } else if (const std::uint64_t count = scope.count(at); count > 0) {
      hidden.push_back({{"type", entry.name}, {"count", count}});
    }
  }
  return hidden;
}

// Adds the policy that decides between the siblings of a key, as far as it is committed.
void add_policy(Json& json, const Call& call, std::string_view key) {
  const PolicyAt* deciding = nullptr;
  const std::vector<PolicyAt> all = call.leader.policies();
  for (const PolicyAt& each : all) {
    const bool is_above =
        each.in_force && each.database == call.database && key.starts_with(each.prefix);
    if (!is_above) continue;
    if (deciding == nullptr || deciding->prefix.size() < each.prefix.size()) deciding = &each;
  }
  if (deciding == nullptr) return;
  json["policy"] = {{"policy", bytes_json(to_string(deciding->policy))},
                    {"prefix", bytes_json(deciding->prefix)},
                    {"note", bytes_json(deciding->note)}};
}

}  // namespace

void show(Call& call) {
  const Key key(call.database, call[2]);
  Scope& scope = *call.scope;
  const Type type = scope.type(key);
  Json json{{"key", bytes_json(call[2])}, {"database", call.database}, {"type", to_string(type)}};
  const bool is_one = type == Type::kString || is_flag(type);
  Description description(scope, is_one ? kStringBytesMax : kShownBytesMax);
  description.describe(json, key, type);
  // All siblings of a string or a flag are in the answer, unless they are too large for it.
  if (is_one && !description.cut()) call.front.note_shown(key.of(type));
  add_policy(json, call, call[2]);
  if (Json hidden = hidden_json(scope, key, type); !hidden.empty()) {
    json["hidden"] = std::move(hidden);
  }
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace anabranch::control
