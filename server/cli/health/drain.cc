// `anabranch drain`: a leader takes no more writes of applications; returns when every region has
// all that it has, so that it can be stopped without anything being seen in one place only.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/health/health_commands.h"
#include "server/cli/printable.h"
#include "server/quantity.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPollEvery{50};
constexpr milliseconds kSayEvery{2000};

constexpr Argument kUndo{"--undo", Argument::Kind::kSwitch, "", "take writes again"};
constexpr Argument kTimeout{"--timeout", Argument::Kind::kValue, "TIME",
                            "for how long to wait for the regions (5min); the leader stays drained",
                            "5min"};

// "us (connected, lacks 1200 ops)", "ap (away for 3 min: connection refused)".
std::string description(const std::string& region, const json& status) {
  std::string text = printable(region);
  for (const json& peer : status.at("peers")) {
    if (peer.at("region") != region || peer.at("follower").get<bool>()) continue;
    if (peer.at("paused").get<bool>()) return text + " (the exchange with it is paused)";
    if (peer.at("connected").get<bool>()) {
      return text + " (connected, lacks " + peer.at("lag_ops").dump() + " ops)";
    }
    const std::string why = peer.at("away_why");
    return text + " (away for " + time_span(peer.at("away_ms").get<std::int64_t>()) +
           (why.empty() ? "" : ": " + printable(why)) + ")";
  }
  return text + (region == status.at("region") ? " (its disk has not confirmed yet)"
                                               : " (not a peer of this leader)");
}

core::Result<json> ask_json(const Arguments& arguments, std::vector<std::string> words) {
  const core::Result<std::string> answer = ask(arguments, std::move(words));
  if (!answer.ok()) return answer.failure();
  return json::parse(answer.value());
}

core::Result<std::string> waited_for(const Arguments& arguments, const json& lack) {
  const core::Result<json> status = ask_json(arguments, {"STATUS"});
  if (!status.ok()) return status.failure();
  std::string text;
  for (const json& region : lack) {
    text += (text.empty() ? "" : ", ") + description(region, status.value());
  }
  return text;
}

std::string names(const json& list) {
  std::string text;
  for (const json& each : list)
    text += (text.empty() ? "" : ", ") + printable(each.get<std::string>());
  return text;
}

// What only an operator can end.
core::Failure never_met(const json& list) {
  return core::invalid(
      "every region that was ever met has all that this leader has; nobody of this mesh was ever "
      "met at " +
      names(list) +
      ", so nobody can tell what lacks there. This leader goes on taking no writes: where there is "
      "no region, take the address out of peers and start the leader anew; or stop it, if it may "
      "be seen here only; or take writes again with anabranch drain --undo");
}

// Asks until all regions have all, or until the deadline; then it fails.
core::Result<void> wait(const Arguments& arguments, const std::string& token,
                        milliseconds timeout) {
  const SteadyTime begun = steady_now();
  SteadyTime said = begun;
  json told = json::array();
  for (;;) {
    const core::Result<json> progress = ask_json(arguments, {"DRAIN", "RESULT", token});
    if (!progress.ok()) return progress.failure();
    if (!progress.value().at("draining").get<bool>()) {
      return core::invalid("the leader takes writes again: it was started anew, or undone");
    }
    json lack = progress.value().at("lack");
    if (lack.empty()) return {};
    const json& unmet = progress.value().at("never_met");
    if (!unmet.empty() && std::exchange(told, unmet) != unmet) {
      std::cerr << "anabranch: nobody of this mesh was ever met at " << names(unmet)
                << ": goes on for the others\n";
    }
    lack.erase(
        std::remove_if(lack.begin(), lack.end(),
                       [&](const json& each) { return std::ranges::count(unmet, each) > 0; }),
        lack.end());
    if (lack.empty()) return never_met(unmet);
    const SteadyTime now = steady_now();
    const bool late = now - begun >= timeout;
    if (late || now - said >= kSayEvery) {
      const core::Result<std::string> waiting = waited_for(arguments, lack);
      if (!waiting.ok()) return waiting.failure();
      if (late) {
        return core::invalid(
            "not within " + time_text(timeout.count()) + ": writes lack in " + waiting.value() +
            ". This leader goes on taking no writes: wait on with anabranch drain, give a region "
            "up "
            "with anabranch region retire, or take writes again with anabranch drain --undo");
      }
      std::cerr << "anabranch: waiting for " << waiting.value() << '\n';
      said = now;
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

ExitCode undo(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"DRAIN", "STOP"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "the leader takes writes again\n";
  return kClean;
}

ExitCode run_drain(const Arguments& arguments) try {
  if (arguments.has(kUndo.name)) return undo(arguments);
  const core::Result<std::int64_t> timeout = parse_time(arguments.text(kTimeout.name));
  if (!timeout.ok()) return print_error("--timeout: " + timeout.failure().message, kUsage);
  const core::Result<std::string> token = ask(arguments, {"DRAIN", "START"});
  if (!token.ok()) return print_unanswered(token.failure());
  const core::Result<void> done = wait(arguments, token.value(), milliseconds(timeout.value()));
  if (!done.ok()) return print_unanswered(done.failure());
  std::cout << "every region has all that this leader has, and it takes no writes of applications: "
               "stop it, or take writes again with anabranch drain --undo\n";
  return kClean;
} catch (const json::exception& error) {
  return print_error("the server's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command drain_command() {
  return {"drain", "take no more writes, and wait until every region has all",
          asking({kUndo, kTimeout}), run_drain};
}

}  // namespace anabranch::server::cli
