// `anabranch repair`: makes a leader take all its rows again from another region, and waits until
// it has them.

#include <chrono>
#include <iostream>
#include <thread>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/quantity.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPollEvery{100};
constexpr milliseconds kSayEvery{2000};

constexpr Argument kStop{"--stop", Argument::Kind::kSwitch, "",
                         "take them no longer, unless they are damaged"};
constexpr Argument kTimeout{"--timeout", Argument::Kind::kValue, "TIME",
                            "for how long to wait (1h); the leader goes on all the same", "1h"};

core::Result<json> status_of(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"STATUS"});
  if (!answer.ok()) return answer.failure();
  return json::parse(answer.value());
}

// "merging a snapshot of region us: 300 of 1000 rows", or what is waited for.
std::string progress_in(const json& status) {
  for (const json& each : status.at("snapshots")) {
    const std::string stage = each.at("stage");
    if (stage == "sending") continue;
    return stage + " a snapshot of region " + printable(each.at("region").get<std::string>()) +
           ": " + each.at("rows").dump() + " of " + each.at("rows_total").dump() + " rows, " +
           each.at("bytes").dump() + " bytes";
  }
  return printable(status.at("rows_again").get<std::string>());
}

// Asks until the leader has its rows again, or until the deadline; then it fails.
core::Result<json> wait(const Arguments& arguments, milliseconds timeout) {
  const SteadyTime begun = steady_now();
  SteadyTime said = begun;
  for (;;) {
    core::Result<json> status = status_of(arguments);
    if (!status.ok() || status.value().at("rows_again") == "") return status;
    const SteadyTime now = steady_now();
    const std::string progress = progress_in(status.value());
    if (now - begun >= timeout) {
      return core::invalid("not within " + time_text(timeout.count()) + ": " + progress +
                           ". The leader goes on: wait on with anabranch repair, or end it with "
                           "anabranch repair --stop");
    }
    if (now - said >= kSayEvery) {
      std::cerr << "anabranch: " << progress << '\n';
      said = now;
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

ExitCode stop(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"REPAIR", "STOP"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  const core::Result<json> status = status_of(arguments);
  if (!status.ok()) return print_unanswered(status.failure());
  const std::string why = status.value().at("rows_again");
  if (!why.empty()) return print_error("the leader takes its rows again all the same: " + why);
  std::cout << "the leader does not take its rows again\n";
  return kClean;
}

ExitCode run_repair(const Arguments& arguments) try {
  if (arguments.has(kStop.name)) return stop(arguments);
  const core::Result<std::int64_t> timeout = parse_time(arguments.text(kTimeout.name));
  if (!timeout.ok()) return print_error("--timeout: " + timeout.failure().message, kUsage);
  const core::Result<std::string> started = ask(arguments, {"REPAIR", "START"});
  if (!started.ok()) return print_unanswered(started.failure());
  const core::Result<json> done = wait(arguments, milliseconds(timeout.value()));
  if (!done.ok()) return print_unanswered(done.failure());
  std::cout << "the leader has all its rows again: " << done.value().at("rows") << " rows\n";
  return kClean;
} catch (const json::exception& error) {
  return print_error("the server's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command repair_command() {
  return {"repair", "take all rows again from another region", asking({kStop, kTimeout}),
          run_repair};
}

}  // namespace anabranch::server::cli
