// The categories of access control: "@read". Most follow from the flags and the group of a row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "server/resp/table/row.h"

namespace anabranch::server {

// Returns the categories of a row, as a set of bits.
std::uint32_t categories_of(const Command& command);
inline constexpr std::uint32_t kAllCategories = (1U << 25U) - 1;
// Calls the function with the name of each category in a set: "read", in the order of Redis.
void for_each_category(std::uint32_t categories,
                       const std::function<void(std::string_view)>& visit);
// Returns the category of a name in lower case, without the at sign; nullopt if there is none.
std::optional<Category> find_category(std::string_view name);

// Returns the name of a group as in COMMAND DOCS: "string".
std::string_view to_string(Group group);

}  // namespace anabranch::server
