#include "server/cli/plugin/cases.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace anabranch::server::cli {
namespace {

// Keeps the order of members, for people.
using Json = nlohmann::ordered_json;

constexpr std::int64_t kFirstTime = 1'700'000'000'000;

// An author's mistake. Leaves this file as a Failure.
struct Mistake {
  std::string text;
};

std::string field_bytes(const Json& value, const char* of) {
  if (value.is_string()) return value.get<std::string>();
  const bool is_hex = value.is_object() && value.size() == 1 && value.contains("hex") &&
                      value.at("hex").is_string();
  if (!is_hex) throw Mistake{std::string(of) + " is neither text nor {\"hex\": digits}"};
  const auto digits = value.at("hex").get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = core::parse_number<std::uint8_t, 16>(std::string_view(digits).substr(i, 2));
    if (!byte || i + 1 == digits.size()) {
      throw Mistake{std::string(of) + " has no pairs of hexadecimal digits"};
    }
    bytes.push_back(static_cast<char>(*byte));
  }
  return bytes;
}

void check_names(const Json& object, const std::vector<std::string_view>& names) {
  for (const auto& member : object.items()) {
    if (std::ranges::count(names, std::string_view(member.key())) == 0) {
      throw Mistake{"\"" + member.key() + "\" is no member of it"};
    }
  }
}

plugins::TrialSibling sibling_of(const Json& value, std::int64_t time) {
  plugins::TrialSibling sibling{"", std::nullopt, time % 2 == 0 ? "eu" : "us", time};
  if (!value.is_object() || value.contains("hex")) {
    sibling.value = field_bytes(value, "a sibling");
    return sibling;
  }
  check_names(value, {"value", "base", "region", "time_ms"});
  if (!value.contains("value")) throw Mistake{"a sibling has no \"value\""};
  sibling.value = field_bytes(value.at("value"), "\"value\"");
  if (value.contains("base") && !value.at("base").is_null()) {
    sibling.base = field_bytes(value.at("base"), "\"base\"");
  }
  if (value.contains("region")) sibling.region = field_bytes(value.at("region"), "\"region\"");
  if (value.contains("time_ms")) {
    if (!value.at("time_ms").is_number_integer()) throw Mistake{"\"time_ms\" is no integer"};
    sibling.time_ms = value.at("time_ms").get<std::int64_t>();
  }
  return sibling;
}

Case case_of(const Json& value) {
  if (!value.is_object()) throw Mistake{"it is no object"};
  check_names(value, {"name", "key", "prefix", "type", "path", "siblings", "shows"});
  Case one;
  plugins::Trial& trial = one.trial;
  if (value.contains("name")) one.name = field_bytes(value.at("name"), "\"name\"");
  trial.key = value.contains("key") ? field_bytes(value.at("key"), "\"key\"") : "key";
  if (value.contains("prefix")) trial.prefix = field_bytes(value.at("prefix"), "\"prefix\"");
  if (value.contains("type")) {
    const std::string type = field_bytes(value.at("type"), "\"type\"");
    if (type.size() != 1) throw Mistake{"\"type\" is one letter, such as \"s\""};
    trial.type = type.front();
  }
  if (value.contains("path")) {
    if (!value.at("path").is_array()) throw Mistake{"\"path\" is no list"};
    for (const Json& part : value.at("path")) trial.parts.push_back(field_bytes(part, "\"path\""));
  }
  const bool has_siblings = value.contains("siblings") && value.at("siblings").is_array() &&
                            value.at("siblings").size() >= 2;
  if (!has_siblings) throw Mistake{"it has no list \"siblings\" of two or more"};
  std::int64_t time = kFirstTime;
  for (const Json& each : value.at("siblings")) {
    trial.siblings.push_back(sibling_of(each, time++));
  }
  if (!value.contains("shows")) return one;
  one.has_answer = true;
  if (!value.at("shows").is_null()) one.shows = field_bytes(value.at("shows"), "\"shows\"");
  return one;
}

Json json_of(const std::string& bytes) {
  if (core::is_utf8(bytes)) return bytes;
  return {{"hex", core::to_hex(bytes)}};
}

}  // namespace

core::Result<std::vector<Case>> parse_cases(std::string_view text) {
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return core::invalid("is no JSON");
  if (!parsed.is_array()) return core::invalid("is no list of cases");
  std::vector<Case> cases;
  for (const Json& value : parsed) {
    try {
      cases.push_back(case_of(value));
    } catch (const Mistake& mistake) {
      return core::invalid("case " + std::to_string(cases.size() + 1) + ": " + mistake.text);
    }
  }
  return cases;
}

std::string to_case(const plugins::Trial& trial) {
  Json value = Json::object();
  value["key"] = json_of(trial.key);
  if (!trial.prefix.empty()) value["prefix"] = json_of(trial.prefix);
  if (trial.type != 's') value["type"] = json_of(std::string(1, trial.type));
  for (const std::string& part : trial.parts) value["path"].push_back(json_of(part));
  for (const plugins::TrialSibling& each : trial.siblings) {
    Json sibling{{"value", json_of(each.value)}};
    if (each.base) sibling["base"] = json_of(*each.base);
    sibling["region"] = json_of(each.region);
    sibling["time_ms"] = each.time_ms;
    value["siblings"].push_back(std::move(sibling));
  }
  return value.dump();
}

}  // namespace anabranch::server::cli
