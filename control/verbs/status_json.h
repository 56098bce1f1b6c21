// A leader's status as JSON: objects of the fields of status_fields.h.
#pragma once

#include <nlohmann/json.hpp>

#include "control/verbs/status_fields.h"

namespace anabranch::control {

template <typename Value>
nlohmann::ordered_json to_json(const Value& value) {
  if constexpr (HasFields<Value>) {
    nlohmann::ordered_json object;
    for_each_field(value,
                   [&](std::string_view name, const auto& each) { object[name] = to_json(each); });
    return object;
  } else if constexpr (IsList<Value>) {
    auto array = nlohmann::ordered_json::array();
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else {
    return value;
  }
}

}  // namespace anabranch::control
