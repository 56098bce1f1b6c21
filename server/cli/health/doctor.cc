// `anabranch doctor`: what is wrong with a configuration, a data directory, or running leaders, and
// what to do about it.

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "regions/verify/directory_check.h"
#include "server/cli/ask.h"
#include "server/cli/client.h"
#include "server/cli/command.h"
#include "server/cli/config/configure.h"
#include "server/cli/faults.h"
#include "server/cli/health/findings.h"
#include "server/cli/health/health_commands.h"
#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kFile{"--config", Argument::Kind::kValue, "FILE",
                         "a configuration, and the data directory that it names"};
constexpr Argument kPlace{"--data", Argument::Kind::kValue, "DIR",
                          "a data directory, and the leader that has it open"};
constexpr Argument kLeaders{
    "--redis", Argument::Kind::kValues, "HOST:PORT",
    "the Redis port of a leader, once for each of a mesh (127.0.0.1:6400 when nothing is given)"};

constexpr Argument kOffline{"--offline", Argument::Kind::kSwitch, "",
                            "no leader has to run: a configuration and a directory alone"};

// How to ask leaders at their Redis ports.
constexpr std::array kWays{kUser, kPasswordFile, kTls, kTlsRoot, kTlsCertificate, kTlsKey};

Arguments ways_in(const Arguments& arguments) {
  Arguments ways;
  for (const Argument& each : kWays) {
    if (arguments.has(each.name)) ways.set(each.name, arguments.texts(each.name));
  }
  return ways;
}

// Prints findings as they come, and counts them.
class Report {
 public:
  void add(const std::string& about, const Findings& findings) {
    for (const Finding& each : findings) {
      std::cout << (each.wrong ? "wrong: " : "note: ") << (about.empty() ? "" : about + ": ")
                << printable(each.what) << '\n';
      if (!each.todo.empty()) std::cout << "  do: " << printable(each.todo) << '\n';
      if (!each.see.empty()) std::cout << "  see: " << printable(each.see) << '\n';
      wrong_ += each.wrong ? 1 : 0;
    }
  }

  // A leader that was to be asked does not answer.
  void add_silence() { silent_ = true; }

  ExitCode end() const {
    if (wrong_ == 0) {
      std::cout << "all is well\n";
      return kClean;
    }
    std::cout << wrong_ << (wrong_ == 1 ? " thing is" : " things are") << " wrong\n";
    return silent_ ? kSilent : kFailed;
  }

 private:
  std::size_t wrong_ = 0;
  bool silent_ = false;
};

void add_leader(const Arguments& where, const std::string& name, Report& report,
                std::vector<json>& statuses) {
  const core::Result<std::string> answer = ask(where, {"STATUS"});
  if (!answer.ok()) {
    const ErrorCode code = answer.failure().code;
    const char* todo = "start the leader, or give the address of its Redis port";
    if (code == ErrorCode::kTimeout) {
      todo = "look whether its process is stopped, or its machine too busy";
      report.add_silence();
    } else if (code != ErrorCode::kClosed && where.has(kDirectory.name)) {
      todo = "";  // The failure has it.
    }
    return report.add({}, {{true, answer.failure().message, todo}});
  }
  try {
    json status = json::parse(answer.value());
    const std::string about = "region " + printable(status.at("region").get<std::string>());
    Findings findings = findings_in_status(status);
    std::ranges::move(findings_at_announced_places(status), std::back_inserter(findings));
    report.add(about, findings);
    statuses.push_back(std::move(status));
  } catch (const json::exception& error) {
    report.add(name, {{true, "its answer cannot be read: " + std::string(error.what()),
                       "use the program of its version"}});
  }
}

// Reads all data of a directory that no leader has open.
void add_data(const std::string& directory, Report& report) {
  explain_faults();
  const auto checked = regions::check_directory(directory, [](auto&&...) {});
  if (!checked.ok()) {
    return report.add(directory, {{true, checked.failure().message,
                                   "see docs/operations/damage.md#damaged-files"}});
  }
  Findings findings;
  for (const std::string& each : checked.value().findings) {
    findings.push_back({true, each, "see docs/operations/damage.md#damaged-files"});
  }
  const bool lost = checked.value().losses > 0;
  for (const std::string& each : checked.value().notes) {
    findings.push_back({lost, each, lost ? "see docs/operations/damage.md#lost-writes" : ""});
  }
  report.add(directory, findings);
}

void add_directory(const std::string& directory, std::uint64_t reserve_bytes, bool offline,
                   Report& report, std::vector<json>& statuses) {
  report.add({}, findings_in_directory(directory, reserve_bytes));
  const core::Result<Client> leader = Client::connect_to_directory(directory);
  const bool runs = leader.ok() || leader.failure().code != ErrorCode::kClosed;
  if (runs) {
    Arguments where;
    where.set(kDirectory.name, {directory});
    return add_leader(where, directory, report, statuses);
  }
  std::error_code error;
  const bool has_data =
      std::filesystem::exists(std::filesystem::path(directory) / "data.mdb", error);
  report.add({}, {{!offline,
                   (offline ? "no leader was asked: " : "no leader runs: ") +
                       leader.failure().message + (has_data ? ", so its data are read" : ""),
                   offline ? "" : "start it; or say --offline, when none is to run"}});
  if (has_data) add_data(directory, report);
}

struct Looked {
  Report report = {};
  std::vector<json> statuses = {};
};

// A configuration, or a directory, and the leader that has it.
void look_here(const Arguments& arguments, Looked& looked) {
  Config config;
  const std::string file = arguments.text(kFile.name);
  if (!file.empty()) looked.report.add({}, findings_in_file(file, config));
  std::string directory = arguments.text(kPlace.name);
  if (directory.empty()) directory = config.store.path;
  if (directory.empty()) return;
  add_directory(directory, config.store.reserve_bytes, arguments.has(kOffline.name), looked.report,
                looked.statuses);
  if (file.empty() || looked.statuses.empty()) return;
  looked.report.add(file, findings_between(config, looked.statuses.front()));
}

ExitCode run_doctor(const Arguments& arguments) {
  std::vector<std::string> leaders = arguments.texts(kLeaders.name);
  const bool is_here = arguments.has(kPlace.name) || arguments.has(kFile.name);
  if (arguments.has(kOffline.name) && (!leaders.empty() || !is_here)) {
    return print_error("--offline goes with --config or --data, and without --redis", kUsage);
  }
  Looked looked;
  look_here(arguments, looked);
  if (leaders.empty() && !is_here) leaders = {Config{}.redis};
  const Arguments how = ways_in(arguments);
  for (const std::string& leader : leaders) {
    Arguments where = how;
    where.set(kRedis.name, {leader});
    add_leader(where, leader, looked.report, looked.statuses);
  }
  looked.report.add({}, findings_in_mesh(looked.statuses));
  return looked.report.end();
}

}  // namespace

Command doctor_command() {
  std::vector<Argument> taken{kFile, kPlace, kLeaders, kOffline};
  taken.insert(taken.end(), kWays.begin(), kWays.end());
  return {"doctor", "what is wrong with a configuration, a directory or leaders, and what to do",
          std::move(taken), run_doctor};
}

}  // namespace anabranch::server::cli
