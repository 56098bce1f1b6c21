#include "tests/scenarios/scenario.h"

#include <sstream>

#include <anabranch/error.h>

#include "tests/scenarios/verb.h"

namespace anabranch::test {
namespace {

// "set a 1; incr b 2" as its two parts.
std::vector<Words> parts_of(const std::string& told) {
  std::vector<Words> parts;
  std::istringstream text(told);
  for (std::string part; std::getline(text, part, ';');) parts.push_back(split(part));
  return parts;
}

// "once ID: set a 1" as the id and the rest; everything else has no id.
struct Request {
  std::string id;
  std::string told;
};
Request request_of(const std::string& told) {
  constexpr std::string_view kOnce = "once ";
  const std::size_t colon = told.find(": ");
  if (!told.starts_with(kOnce) || colon == std::string::npos) return {"", told};
  return {told.substr(kOnce.size(), colon - kOnce.size()), told.substr(colon + 2)};
}

std::string listed(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n    " + line;
  return text.empty() ? " nothing" : text;
}

}  // namespace

Lines Scenario::run(const std::string& command) {
  const std::size_t colon = command.find(": ");
  if (colon == std::string::npos) {
    const Words words = split(command);
    const Direction& direction = direction_of(words);
    if (direction.ask != nullptr) return direction.ask(world_, tokens_, words);
    direction.happen(world_, words);
    return {};
  }
  const std::string told = command.substr(colon + 2);
  Words regions = split(command.substr(0, colon));
  if (regions.size() == 1 && regions.front() != "all") return tell(regions.front(), told);
  if (regions.front() == "all") {
    regions = world_.names();
    std::erase_if(regions, [this](const std::string& name) { return !world_.runs(name); });
  }
  Lines lines;
  for (const std::string& region : regions) {
    for (const std::string& line : tell(region, told)) lines.push_back(region + ": " + line);
  }
  return lines;
}

Lines Scenario::tell(const std::string& region, const std::string& told) try {
  const Request request = request_of(told);
  const std::vector<Words> parts = parts_of(request.told);
  Lines lines;
  const auto carry_out = [&](Scope& scope) {
    for (const Words& words : parts) {
      const Verb& verb = verb_of(words);
      if (verb.read != nullptr) {
        lines.push_back(verb.read(scope, words));
      } else {
        verb.write(scope, Key(words.at(1)), words);
      }
    }
  };
  world_.use(region, [&](Scope& scope) {
    if (!request.id.empty()) {
      if (!scope.once(request.id, carry_out)) lines.emplace_back("known");
      return;
    }
    parts.size() == 1 ? carry_out(scope) : scope.atomically(carry_out);
  });
  return lines;
} catch (const Error& error) {
  return {std::string("error: ") + error.what()};
}

Played play(const Script& script, const std::string& name) {
  Scenario scenario;
  Played played;
  for (const Script::Step& step : script.steps()) {
    const std::string place = name + ":" + std::to_string(step.line) + ": ";
    try {
      played.printed.push_back(scenario.run(step.command));
    } catch (const ScenarioError& error) {
      played.wrong = place + step.command + ": " + error.what();
      return played;
    }
    const Lines& printed = played.printed.back();
    if (printed == step.expected || !played.wrong.empty()) continue;
    played.wrong = place + step.command + "\n  expected:" + listed(step.expected) +
                   "\n  printed:" + listed(printed);
  }
  return played;
}

}  // namespace anabranch::test
