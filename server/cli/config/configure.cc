#include "server/cli/config/configure.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace anabranch::server::cli {
namespace {

using core::Result;

Argument::Kind argument_kind(Setting::Kind kind) {
  if (kind == Setting::Kind::kSwitch) return Argument::Kind::kSwitch;
  return kind == Setting::Kind::kTexts ? Argument::Kind::kValues : Argument::Kind::kValue;
}

}  // namespace

std::vector<Argument> setting_arguments() {
  std::vector<Argument> arguments;
  for (const Setting& setting : settings()) {
    arguments.push_back({setting.flag,
                         argument_kind(setting.kind),
                         setting.value_name,
                         full_help(setting),
                         {},
                         setting.also_flag});
  }
  return arguments;
}

Result<void> apply_flags(const Arguments& arguments, Config& config) {
  for (const Setting& setting : settings()) {
    if (!arguments.has(setting.flag)) continue;
    Result<void> flag = apply_flag(setting, arguments.texts(setting.flag), config);
    if (!flag.ok()) return flag;
  }
  return {};
}

Result<Config> configure(const Arguments& arguments) {
  Config config;
  const char* const named = std::getenv("ANABRANCH_CONFIG");
  std::string file = arguments.text(kConfig.name);
  if (file.empty() && named != nullptr) file = named;
  if (!file.empty()) {
    const std::vector<std::string> problems = apply_file(file, config);
    if (!problems.empty()) return core::invalid(problems.front());
  }
  const Result<void> environment = apply_environment(std::getenv, config);
  if (!environment.ok()) return environment.failure();
  const Result<void> flags = apply_flags(arguments, config);
  if (!flags.ok()) return flags.failure();
  return config;
}

std::vector<std::string> names_in_environment() {
  std::vector<std::string> names;
  for (char** each = environ; *each != nullptr; ++each) {
    names.emplace_back(*each, std::strcspn(*each, "="));
  }
  return names;
}

}  // namespace anabranch::server::cli
