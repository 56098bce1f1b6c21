// The forms in which Redis saves small collections: one string that has all elements.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server::cli {

// Each returns the elements, integers as decimal digits; nullopt when the bytes are no such form.
// The result takes at most some hundred times the memory of the bytes.
std::optional<std::vector<std::string>> listpack_elements(std::string_view bytes);
std::optional<std::vector<std::string>> ziplist_elements(std::string_view bytes);
std::optional<std::vector<std::string>> intset_elements(std::string_view bytes);

}  // namespace anabranch::server::cli
