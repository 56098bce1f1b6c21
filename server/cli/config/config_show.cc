// `anabranch config show`: every setting with its value and where that comes from, as `serve` would
// find it with the same words and environment.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/config/config_commands.h"
#include "server/cli/config/configure.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using Values = std::vector<std::string>;

std::string from(const Config& config, const Setting& setting) {
  const auto found = config.from.find(setting.key);
  return found == config.from.end() ? "default" : found->second;
}

std::string joined(const Values& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + printable(value);
  return text.empty() ? "-" : text;
}

std::string settings_table(const Config& config) {
  std::vector<Values> rows{{"setting", "value", "from"}};
  for (const Setting& setting : settings()) {
    rows.push_back({std::string(setting.key), joined(values_in(config, setting)),
                    printable(from(config, setting))});
  }
  return table_of(rows);
}

// Lists stay lists; each other value is a string, or null where there is none.
nlohmann::ordered_json json_value(const Setting& setting, const Values& values) {
  if (setting.kind == Setting::Kind::kTexts) return values;
  if (values.empty()) return nullptr;
  return values.front();
}

nlohmann::ordered_json config_json(const Config& config) {
  auto all = nlohmann::ordered_json::array();
  for (const Setting& setting : settings()) {
    all.push_back({{"setting", setting.key},
                   {"value", json_value(setting, values_in(config, setting))},
                   {"default", json_value(setting, values_in(Config{}, setting))},
                   {"from", from(config, setting)}});
  }
  return all;
}

ExitCode run_config_show(const Arguments& arguments) {
  const core::Result<Config> config = configure(arguments);
  if (!config.ok()) return print_error(config.failure().message, kMisconfigured);
  for (const std::string& line : unknown_variables(names_in_environment())) print_error(line);
  std::cout << (arguments.has(kJson.name)
                    ? config_json(config.value())
                              .dump(2, ' ', false,
                                    nlohmann::ordered_json::error_handler_t::replace) +
                          '\n'
                    : settings_table(config.value()));
  return kClean;
}

}  // namespace

Command config_show_command() {
  std::vector<Argument> arguments{kConfig, kJson};
  for (const Argument& each : setting_arguments()) arguments.push_back(each);
  return {"config show", "every setting with its value and where it comes from",
          std::move(arguments), run_config_show};
}

}  // namespace anabranch::server::cli
