#include "tests/policies_oracle.h"

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "core/codec.h"
#include "core/hash.h"
#include "tests/policy_modules.h"
#include "tests/three_way.h"

namespace anabranch::test {

namespace {

using Values = std::vector<PoliciesOracle::Value>;

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
  while (at < path.size() && (path[at] == "h" || path[at] == "i")) {
    const bool in_element = path[at] == "h" || (at + 2 < path.size() && path[at + 1] != "m");
    if (!in_element) return "part";
    at += 2;
  }
  if (at >= path.size() || path[at].size() != 1) return {};
  const bool has_elements = std::string_view("eEzlt").find(path[at]) != std::string_view::npos;
  return has_elements && path.size() > at + 2 ? "part" : path[at];
}

std::ptrdiff_t count_of_false(const Values& values) {
  return std::ranges::count(values, "0", &PoliciesOracle::Value::value);
}
bool all_false(const Values& values) {
  return count_of_false(values) == static_cast<std::ptrdiff_t>(values.size());
}

// The number in eight bytes, the highest first.
core::Origin origin_in(const std::string& bytes) {
  core::Origin origin = 0;
  for (const char byte : bytes) origin = origin << 8U | static_cast<unsigned char>(byte);
  return origin;
}

}  // namespace

PoliciesOracle::Rule PoliciesOracle::rule_in(std::string_view bytes) {
  static const std::map<std::string, Kind, std::less<>> kKinds{
      {"none", Kind::kNone},   {"lww", Kind::kLast}, {"siblings", Kind::kLast},
      {"max", Kind::kMax},     {"min", Kind::kMin},  {"native", Kind::kLast},
      {"wasm1", Kind::kModule}};
  core::Reader in(bytes);
  const std::size_t newer = in.array_of(3);
  const auto kind = kKinds.find(in.text());
  const bool is_one = in.ok() && kind != kKinds.end();
  const bool has_name = is_one && (kind->first == "native" || kind->first == "wasm1");
  const bool keeps_bases = in.boolean();
  std::string name;
  if (!in.take_nil()) name = in.text();
  in.skip(in.ok() ? newer : 0);
  const bool is_known = in.done() && kind != kKinds.end() && !name.empty() == has_name;
  if (!is_known) return {.kind = Kind::kUnknown};
  Rule rule{.kind = kind->second, .keeps_bases = keeps_bases};
  if (rule.kind == Kind::kModule) rule.module = name;
  if (kind->first == "native" && name == kThreeWay) rule.kind = Kind::kThreeWay;
  return rule;
}

void PoliciesOracle::learn(const core::Components& path, const std::string& value) {
  if (path.size() < 4 || path[0] != kMesh) return;
  if (path[1] == "region" && path.size() == 5 && path[3] == "o" && path[4].size() == 8) {
    regions_[origin_in(path[4])] = path[2];
  }
  if (path[1] != "policy" || path[2].size() != 1 || path[2] == kMesh) return;
  Scoped& scoped = scopes_[{path[2], path[3]}];
  Rule rule = rule_in(value);
  rule.prefix = path[3];
  any_keeps_bases_ |= rule.keeps_bases;
  if (path.size() == 4) scoped.set = rule;
  if (path.size() == 6 && path[4] == "p") scoped.proposed[path[5]] = rule;
}

void PoliciesOracle::learn_module(const core::Components& path, const std::string& value) {
  if (path.size() != 3 || path[0] != kMesh || path[1] != "module") return;
  for (const PolicyModule& module : policy_modules()) {
    if (module.hash == path[2] && module.bytes == value) modules_.insert(module.name);
  }
}

PoliciesOracle::Rule PoliciesOracle::rule_for(const std::string& space,
                                              const std::string& key) const {
  for (std::size_t size = key.size() + 1; size-- > 0;) {
    const auto found = scopes_.find({space, key.substr(0, size)});
    if (found == scopes_.end()) continue;
    const Scoped& scoped = found->second;
    if (scoped.set && scoped.set->kind == Kind::kNone) continue;
    if (scoped.set) return *scoped.set;
    for (const auto& [region, rule] : scoped.proposed) {
      if (rule.kind != Kind::kNone) return rule;
    }
  }
  return {};
}

bool PoliciesOracle::keeps_bases(const core::Path& path) const {
  const core::Components parts = path.components();
  if (parts.size() < 3 || parts[0] == kMesh) return false;
  const std::string tag = tag_of(parts);
  const bool asks_policy =
      tag.size() == 1 && std::string_view("sezl").find(tag) != std::string::npos;
  return asks_policy && rule_for(parts[0], parts[1]).keeps_bases;
}

// What three_way() makes of the values, as docs/conflicts.md says what it gets.
std::string PoliciesOracle::merged(const Rule& rule, const core::Components& path,
                                   const std::vector<Value>& values) const {
  const std::string last = values.back().value;
  const auto has_base = [&](const Value& each) {
    return each.base.has_value() && each.base == values.front().base;
  };
  if (values.size() > kThreeWayMax || !std::ranges::all_of(values, has_base)) return last;
  static const std::map<std::string, std::string> kTypes{
      {"s", "string"}, {"e", "set"}, {"z", "zset"}, {"l", "list"}};
  std::string all = rule.prefix + "|" + path[1];
  for (std::size_t at = 3; at < path.size(); at += 2) all += "/" + path[at];
  const auto type = kTypes.find(tag_of(path));
  all += "|" + (type == kTypes.end() ? "none" : type->second) + "|" + *values.front().base;
  for (const Value& each : values) {
    const auto region = regions_.find(each.origin);
    all += "|" + (region == regions_.end() ? "" : region->second) + " " +
           std::to_string(each.time_ms) + " " + each.value;
  }
  return "merged " + core::to_string(core::digest128(all));
}

// What a module makes of the values, as docs/plugins.md says what it gets.
std::string PoliciesOracle::by_module(const Rule& rule, const core::Components& path,
                                      const std::vector<Value>& values) const {
  const auto module = std::ranges::find(policy_modules(), rule.module, &PolicyModule::name);
  const std::string& last = values.back().value;
  if (module == policy_modules().end() || !modules_.contains(rule.module)) return last;
  const std::string tag = tag_of(path);
  ModuleQuestion question{
      .key = path[1], .prefix = rule.prefix, .type = tag.empty() ? '\0' : tag[0]};
  for (std::size_t at = 3; at < path.size(); at += 2) question.parts.emplace_back(path[at]);
  for (const Value& each : values) {
    const auto region = regions_.find(each.origin);
    const std::string_view name = region == regions_.end() ? std::string_view() : region->second;
    question.siblings.push_back({each.value, each.base, each.time_ms, name});
  }
  return answer_of(*module, question).value_or(last);
}

std::optional<std::string> PoliciesOracle::shown(const core::Path& path,
                                                 const std::vector<Value>& values) const {
  if (values.empty()) return std::nullopt;
  if (values.size() == 1) return values.front().value;
  const core::Components parts = path.components();
  const std::string tag = tag_of(parts);
  if (tag == "f") return all_false(values) ? "0" : "1";
  if (tag == "F" || tag == "E") return count_of_false(values) > 0 ? "0" : "1";
  if (tag == "t" || tag == "part") return values.back().value;
  const Rule rule = rule_for(parts.at(0), parts.at(1));
  switch (rule.kind) {
    case Kind::kMax:
      return std::ranges::max_element(values, is_less, &Value::value)->value;
    case Kind::kMin:
      return std::ranges::min_element(values, is_less, &Value::value)->value;
    case Kind::kThreeWay:
      return merged(rule, parts, values);
    case Kind::kModule:
      return by_module(rule, parts, values);
    case Kind::kUnknown:
      return std::nullopt;
    case Kind::kNone:
    case Kind::kLast:
      break;
  }
  return values.back().value;
}

}  // namespace anabranch::test
