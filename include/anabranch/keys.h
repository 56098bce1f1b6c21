// Pages of keys, and the values of many keys at once.
//
//   for (anabranch::KeyFilter filter{.prefix = "cart/"};;) {
//     const anabranch::KeyPage page = list_keys(store, filter);
//     for (const std::string& key : page.keys) ...
//     if (!page.more) break;
//     filter.after = page.keys.back();
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

// Chooses keys: by default the first 1000 of database 0.
struct KeyFilter {
  std::uint8_t database = 0;              // 0 to 15.
  std::string prefix = {};                // Only keys that begin so.
  std::optional<std::string> after = {};  // Only keys behind this one: the last of a page.
  std::size_t at_most = 1000;
};

struct KeyPage {
  std::vector<std::string> keys;  // In the order of their bytes.
  bool more = false;              // There are keys behind the last one; false in an empty page.
};

// Returns the keys of any type that are there, a page of one consistent state; expired ones are
// not. Costs as much as the keys of the page. Throws Error: kInvalid for a database that is none,
// else as a read of the scope.
[[nodiscard]] KeyPage list_keys(const Scope& scope, const KeyFilter& filter = {});

// Returns the values of registers (register.h) in the order of the keys, all of one consistent
// state; nullopt where a key is absent. Throws Error{kWrongType} for a key of another type, or one
// whose bytes are no T.
template <typename T = std::string>
[[nodiscard]] std::vector<std::optional<T>> get_all(const Scope& scope, std::span<const Key> keys) {
  std::vector<std::optional<T>> values;
  values.reserve(keys.size());
  scope.at_once([&](const Scope& state) {
    for (const Key& key : keys) {
      std::optional<std::string> bytes = state.get(key.of(Type::kString));
      if (!bytes) expect_type(state, key, Type::kString);
      values.push_back(bytes ? std::optional<T>(detail::decode<T>(key, *std::move(bytes)))
                             : std::nullopt);
    }
  });
  return values;
}

}  // namespace anabranch
