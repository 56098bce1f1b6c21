#include <anabranch/error.h>
#include <anabranch/key.h>
#include <anabranch/scope.h>
#include <anabranch/span.h>

#include "core/base64.h"
#include "core/path.h"
#include "core/space.h"
#include "crdt/type_table.h"

namespace anabranch {

namespace {

constexpr std::size_t kKeyBytesMax = std::size_t{64} << 10U;
constexpr std::size_t kTagBytes = 3;  // As a component of an encoded path.

// Checks a key, or a name in it, and appends it to an encoded path.
void append(detail::ShortBytes& encoded, std::string_view component, const char* what) {
  if (component.size() > kKeyBytesMax) {
    throw Error(ErrorCode::kTooLarge, std::string(what) + " of " +
                                          std::to_string(component.size()) +
                                          " bytes is over the limit of 65536 bytes");
  }
  core::append_component(encoded, component);
}

std::string of_tag(Type type) { return std::string(1, static_cast<char>(type)); }

std::string with_article(Type type) {
  const std::string name(to_string(type));
  return (name.starts_with('e') || name.starts_with('i') ? "an " : "a ") + name;
}

}  // namespace

Span Span::starting(std::string_view beginning) {
  const std::string end = core::prefix_end(beginning);
  return {.from = std::string(beginning), .to = end.empty() ? std::nullopt : std::optional(end)};
}

std::string_view to_string(Type type) {
  const crdt::TypeEntry* const entry = crdt::find_type(of_tag(type));
  return entry == nullptr ? "none" : entry->name;
}

Key::Key(std::uint8_t database, const detail::Name& name) : Key(all(database)) {
  const std::string_view key = name;
  encoded_.reserve(encoded_.size() + key.size() + 2 * kTagBytes);
  append(encoded_, key, "a key");
}

Key Key::all(std::uint8_t database) {
  if (database > core::kDatabaseMax) {
    throw Error(ErrorCode::kInvalid, "there are the databases 0 to 15");
  }
  Key key;
  const char space = core::space_of(database);
  core::append_component(key.encoded_, {&space, 1});
  return key;
}

Key Key::field(const detail::Name& name) const {
  Key field = of(Type::kMap);
  append(field.encoded_, name, "a field");
  return field;
}

Key Key::of(Type type) const {
  Key row(*this);
  const char tag = static_cast<char>(type);
  core::append_component(row.encoded_, {&tag, 1});
  return row;
}

Key Key::element(const detail::Name& element, Type set) const {
  Key row = of(set);
  append(row.encoded_, element, "an element");
  return row;
}

Key Key::part(const detail::Name& name) const {
  Key row = *this;
  append(row.encoded_, name, "a part of an element");
  return row;
}

std::string Key::name() const {
  const core::Components components = core::Path::trusted(encoded_).components();
  std::string name = components.size() > 1 ? components[1] : std::string();
  const std::string item_list = of_tag(Type::kItemList);
  for (std::size_t i = 3; i < components.size(); i += 2) {
    const bool is_id = components[i - 1] == item_list;
    name += "/" + (is_id ? core::to_base64(components[i]) : components[i]);
  }
  return name;
}

void expect_type(const Scope& scope, const Key& key, Type type) {
  const Type held = scope.type(key);
  if (held == Type::kNone || held == type) return;
  throw Error(ErrorCode::kWrongType, "the key " + key.name() + " holds " + with_article(held) +
                                         ", not " + with_article(type));
}

}  // namespace anabranch
