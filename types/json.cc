// JSON out of keys, and of single values in both directions.

#include <anabranch/json.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/list.h>

#include "core/base64.h"
#include "core/text.h"
#include "types/json_value.h"
#include "types/list_rows.h"
#include "types/text_rows.h"

namespace anabranch {

namespace types {

namespace {

constexpr const char* kBytes = "$base64";

// The number that a handle has written as these bytes; nullopt when there is none.
template <typename Number>
std::optional<Number> number_of(std::string_view bytes) {
  const std::optional<Number> number = Codec<Number>::decode(bytes);
  if (!number || Codec<Number>::encode(*number) != bytes) return std::nullopt;
  return number;
}

bool is_bytes(const Json& json) {
  return json.is_object() && json.size() == 1 && json.begin().key() == kBytes &&
         json.begin().value().is_string();
}

}  // namespace

void expect_level(const Key& key, std::size_t level) {
  if (level <= kJsonLevelsMax) return;
  throw Error(ErrorCode::kInvalid, key.name() + " is below the " + std::to_string(kJsonLevelsMax) +
                                       " levels that JSON may have here");
}

Json to_value(std::string_view bytes) {
  if (bytes == "true") return true;
  if (bytes == "false") return false;
  if (const auto integer = number_of<std::int64_t>(bytes)) return *integer;
  if (const auto real = number_of<double>(bytes); real && std::isfinite(*real)) return *real;
  if (core::is_utf8(bytes)) return std::string(bytes);
  return {{kBytes, core::to_base64(bytes)}};
}

bool is_value(const Json& json) {
  return json.is_string() || json.is_number() || json.is_boolean() || is_bytes(json);
}

std::string to_bytes(const Key& key, const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_boolean()) return json.get<bool>() ? "true" : "false";
  if (json.is_number_float()) return Codec<double>::encode(json.get<double>());
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) {
    throw Error(ErrorCode::kInvalid,
                key.name() + ": the integer " + json.dump() + " of the JSON is beyond 64 bits");
  }
  if (json.is_number()) return Codec<std::int64_t>::encode(json.get<std::int64_t>());
  auto bytes = core::from_base64(json.begin().value().get<std::string>());
  if (!bytes) {
    throw Error(ErrorCode::kInvalid,
                key.name() + ": the JSON has a \"$base64\" that is no base64 for URLs");
  }
  return *std::move(bytes);
}

namespace {

// Reads keys of one state.
class JsonReader {
 public:
  explicit JsonReader(const Scope& state) : state_(state) {}

  [[nodiscard]] Json at(const Key& key, std::size_t level) const {
    expect_level(key, level);
    const Type type = state_.type(key);
    switch (type) {
      case Type::kNone:
        return nullptr;
      case Type::kString:
        return to_value(state_.get(key.of(type)).value_or(""));
      case Type::kEnableWinsFlag:
      case Type::kDisableWinsFlag:
        return Codec<bool>::decode(state_.get(key.of(type)).value_or("")).value_or(false);
      case Type::kSet:
      case Type::kRemoveWinsSet:
        return set(key.of(type));
      case Type::kMap:
        return map(key, level);
      case Type::kSortedSet:
        return sorted_set(key.of(type));
      case Type::kList:
        return list(key);
      case Type::kItemList:
        return items(key, level);
      case Type::kText:
        return TextRows(state_, key).order().text(0, UINT32_MAX);
    }
    return nullptr;
  }

 private:
  [[nodiscard]] Json set(const Key& place) const {
    Json all = Json::array();
    state_.names(place, {}, [&](const std::string& element) {
      all.push_back(to_value(element));
      return true;
    });
    return all;
  }
  [[nodiscard]] Json sorted_set(const Key& place) const {
    Json all = Json::array();
    state_.scan(place, ScoreSpan(), [&](const ScoredEntry& entry) {
      all.push_back(Json::array({to_value(entry.member), entry.score}));
      return true;
    });
    return all;
  }
  [[nodiscard]] Json list(const Key& key) const {
    Json all = Json::array();
    for (const std::string& element : ListReader<std::string>(state_, key).elements()) {
      all.push_back(to_value(element));
    }
    return all;
  }
  [[nodiscard]] Json items(const Key& key, std::size_t level) const {
    Json all = Json::array();
    const ListRows rows(state_, key, Type::kItemList);
    for (const ListItem& each : rows.slice(0, rows.size())) {
      all.push_back(at(key.element(each.id, Type::kItemList), level + 1));
    }
    return all;
  }
  [[nodiscard]] Json map(const Key& key, std::size_t level) const {
    std::vector<std::string> fields;
    state_.names(key.of(Type::kMap), {}, [&](const std::string& field) {
      fields.push_back(field);
      return true;
    });
    Json all = Json::object();
    for (const std::string& field : fields) {
      const Key place = key.field(field);
      if (!core::is_utf8(field)) {
        throw Error(ErrorCode::kInvalid, place.name() +
                                             ": JSON has no name for a field of bytes "
                                             "that are no UTF-8");
      }
      all[field] = at(place, level + 1);
    }
    return all;
  }

  const Scope& state_;
};

}  // namespace

}  // namespace types

std::string to_json(const Scope& scope, const Key& key) {
  std::string text;
  scope.at_once([&](const Scope& state) { text = types::JsonReader(state).at(key, 1).dump(); });
  return text;
}

}  // namespace anabranch
