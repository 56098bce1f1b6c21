// Replies as JSON: arrays and sets as arrays, maps as objects, null as null.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace anabranch::test {

// Throws std::runtime_error for bytes that are no whole reply. The elements of sets are sorted.
nlohmann::json to_json(std::string_view reply);

}  // namespace anabranch::test
