// `anabranch status`: the state of a leader and of its peers, once or again and again; with
// --check one line and an exit code for a monitoring system.

#include <chrono>
#include <iostream>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/status/status_text.h"
#include "server/cli/status/verdict.h"
#include "server/cli/status/watch.h"
#include "server/quantity.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr std::int64_t kEveryMs = 1'000;
constexpr std::int64_t kEveryMsLeast = 100;

constexpr Argument kCheck{"--check", Argument::Kind::kSwitch, "",
                          "one line and an exit code for monitoring: 0 well, 1 warning, 2 "
                          "critical, 3 not reachable"};
constexpr Argument kLag{"--lag-ms", Argument::Kind::kValue, "TIME",
                        "with --check: warn of a region that is further behind"};
constexpr Argument kAll{"--all", Argument::Kind::kSwitch, "",
                        "every region of the mesh as this leader knows it, a line each"};
constexpr Argument kWatch{"--watch", Argument::Kind::kSwitch, "",
                          "show it again and again, until Ctrl-C"};
constexpr Argument kEvery{"--every", Argument::Kind::kValue, "TIME",
                          "with --watch: how often (1s, at least 100ms)"};

// How the status is to be shown.
struct Form {
  bool check = false;
  bool all = false;
  bool json = false;
  bool watch = false;
  std::int64_t every_ms = kEveryMs;
  std::optional<std::int64_t> lag_ms_max = {};
};

core::Result<std::optional<std::int64_t>> time_given(const Arguments& arguments,
                                                     const Argument& flag,
                                                     const Argument& only_with) {
  const std::string name(flag.name);
  if (!arguments.has(flag.name)) return std::optional<std::int64_t>();
  if (!arguments.has(only_with.name)) {
    return core::invalid(name + " goes with " + std::string(only_with.name));
  }
  const core::Result<std::int64_t> time = parse_time(arguments.text(flag.name));
  if (!time.ok()) return core::invalid(name + ": " + time.failure().message);
  return std::optional(time.value());
}

core::Result<Form> form_of(const Arguments& arguments) {
  Form form{.check = arguments.has(kCheck.name),
            .all = arguments.has(kAll.name),
            .json = arguments.has(kJson.name),
            .watch = arguments.has(kWatch.name)};
  if (int{form.check} + int{form.all} + int{form.json} > 1) {
    return core::invalid("say one of --check, --all and --json");
  }
  const auto lag = time_given(arguments, kLag, kCheck);
  if (!lag.ok()) return lag.failure();
  form.lag_ms_max = lag.value();
  const auto every = time_given(arguments, kEvery, kWatch);
  if (!every.ok()) return every.failure();
  form.every_ms = every.value().value_or(kEveryMs);
  if (form.every_ms < kEveryMsLeast) return core::invalid("--every must be at least 100ms");
  return form;
}

Frame frame_of(const Verdict& verdict) {
  return {verdict.line + '\n', static_cast<ExitCode>(verdict.health)};
}

// In a watch the time stands above the text.
std::string heading() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return utc_time(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + " UTC\n";
}

// The status, or the reason that there is none.
Frame look(const Arguments& arguments, const Form& form) {
  std::string why;
  const core::Result<std::string> answer = ask(arguments, {"STATUS"});
  const bool silent = !answer.ok() && answer.failure().code == ErrorCode::kTimeout;
  if (!answer.ok()) why = answer.failure().message;
  try {
    if (answer.ok()) {
      const json status = json::parse(answer.value());
      if (form.check) return frame_of(verdict_of(status, form.lag_ms_max));
      if (form.json) return {status.dump(form.watch ? -1 : 2) + '\n'};
      const std::string text = form.all ? mesh_text(status) : status_text(status);
      return {form.watch ? heading() + text + '\n' : text};
    }
  } catch (const json::exception& error) {
    why = "the server's answer cannot be read: " + std::string(error.what());
  }
  if (form.check) return frame_of(unknown_verdict(why));
  return {why, silent ? kSilent : kFailed};
}

// A leader that is away is shown as that, and asked again.
Frame look_again(const Arguments& arguments, const Form& form) {
  Frame frame = look(arguments, form);
  if (form.check || frame.code == kClean) return frame;
  const std::string why = printable(frame.text);
  frame.text = form.json ? json{{"error", why}}.dump() + '\n' : heading() + why + "\n\n";
  return frame;
}

ExitCode run_status(const Arguments& arguments) {
  const core::Result<Form> form = form_of(arguments);
  if (!form.ok()) return print_error(form.failure().message, kUsage);
  if (form.value().watch) {
    return watch(std::chrono::milliseconds(form.value().every_ms),
                 [&] { return look_again(arguments, form.value()); });
  }
  const Frame frame = look(arguments, form.value());
  if (frame.code != kClean && !form.value().check) return print_error(frame.text, frame.code);
  std::cout << frame.text;
  return frame.code;
}

}  // namespace

Command status_command() {
  return {"status", "a leader, its peers and how far they are",
          asking({kJson, kCheck, kLag, kAll, kWatch, kEvery}), run_status};
}

}  // namespace anabranch::server::cli
