#include "tests/policies_oracle.h"

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "core/codec.h"

namespace anabranch::test {

namespace {

using Values = PoliciesOracle::Values;

const std::string kMesh(1, '\0');

// The number that a text is, for values of the workload; nullopt when it is none.
std::optional<long double> number_in(const std::string& text) {
  static const std::regex kNumber("-?[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?");
  if (!std::regex_match(text, kNumber)) return std::nullopt;
  return std::strtold(text.c_str(), nullptr);
}

// Numbers before all others, by their value, then by their bytes; others by their bytes.
bool is_less(const std::string& a, const std::string& b) {
  const auto x = number_in(a);
  const auto y = number_in(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

// The tag that says how the values of a row compete, behind the fields of maps; empty for rows
// without one, and "part" for those further below an element.
std::string tag_of(const core::Components& path) {
  std::size_t at = 2;
  while (at < path.size() && path[at] == "h") at += 2;
  if (at >= path.size() || path[at].size() != 1) return {};
  const bool has_elements = std::string_view("eEzlt").find(path[at]) != std::string_view::npos;
  return has_elements && path.size() > at + 2 ? "part" : path[at];
}

bool any_false(const Values& values) { return std::ranges::count(values, "0") > 0; }
bool all_false(const Values& values) {
  return std::ranges::count(values, "0") == static_cast<std::ptrdiff_t>(values.size());
}

}  // namespace

PoliciesOracle::Kind PoliciesOracle::kind_in(std::string_view bytes) {
  static const std::map<std::string, Kind, std::less<>> kKinds{
      {"none", Kind::kNone}, {"lww", Kind::kLast}, {"siblings", Kind::kLast},
      {"max", Kind::kMax},   {"min", Kind::kMin},  {"native", Kind::kLast}};
  core::Reader in(bytes);
  const std::size_t newer = in.array_of(3);
  const auto kind = kKinds.find(in.text());
  const bool is_native = in.ok() && kind != kKinds.end() && kind->first == "native";
  (void)in.boolean();
  const bool is_named = !in.take_nil() && !in.text().empty();
  in.skip(in.ok() ? newer : 0);
  const bool is_known = in.done() && kind != kKinds.end() && is_named == is_native;
  return is_known ? kind->second : Kind::kUnknown;
}

void PoliciesOracle::learn(const core::Components& path, const std::string& value) {
  const bool is_policy = path.size() >= 4 && path[0] == kMesh && path[1] == "policy" &&
                         path[2].size() == 1 && path[2] != kMesh;
  if (!is_policy) return;
  Scoped& scoped = scopes_[{path[2], path[3]}];
  if (path.size() == 4) scoped.set = kind_in(value);
  if (path.size() == 6 && path[4] == "p") scoped.proposed[path[5]] = kind_in(value);
}

PoliciesOracle::Kind PoliciesOracle::kind_for(const std::string& space,
                                              const std::string& key) const {
  for (std::size_t size = key.size() + 1; size-- > 0;) {
    const auto found = scopes_.find({space, key.substr(0, size)});
    if (found == scopes_.end()) continue;
    const Scoped& scoped = found->second;
    if (scoped.set && *scoped.set == Kind::kNone) continue;
    if (scoped.set) return *scoped.set;
    for (const auto& [region, kind] : scoped.proposed) {
      if (kind != Kind::kNone) return kind;
    }
  }
  return Kind::kLast;
}

std::optional<std::string> PoliciesOracle::shown(const core::Path& path,
                                                 const Values& values) const {
  if (values.empty()) return std::nullopt;
  if (values.size() == 1) return values.front();
  const core::Components parts = path.components();
  const std::string tag = tag_of(parts);
  if (tag == "f") return all_false(values) ? "0" : "1";
  if (tag == "F" || tag == "E") return any_false(values) ? "0" : "1";
  if (tag == "t" || tag == "part") return values.back();
  switch (kind_for(parts.at(0), parts.at(1))) {
    case Kind::kMax:
      return *std::ranges::max_element(values, is_less);
    case Kind::kMin:
      return *std::ranges::min_element(values, is_less);
    case Kind::kUnknown:
      return std::nullopt;
    case Kind::kNone:
    case Kind::kLast:
      break;
  }
  return values.back();
}

}  // namespace anabranch::test
