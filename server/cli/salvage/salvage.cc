// `anabranch salvage`: what the log of a leader has lost, the writes that can be read in the files
// set aside, and the end of that condition.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "regions/state/lost_log.h"
#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/data_directory.h"
#include "server/cli/printable.h"
#include "server/cli/salvage/lost_writes.h"
#include "server/steady_clock.h"
#include "storage/engine/open_storage.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kAskEvery{100};
constexpr std::chrono::milliseconds kTellEvery{2000};

constexpr Argument kOut{"--out", Argument::Kind::kValue, "FILE",
                        "all that can be read of it into a new file, as lines of JSON (--data)"};
constexpr Argument kApply{"--apply", Argument::Kind::kSwitch, "",
                          "write again what is proven, where nothing came later (--data)"};
constexpr Argument kTake{"--take", Argument::Kind::kValue, "KEY",
                         "write again what is proven of a key that was left alone (--data)"};
constexpr Argument kDb{"--db", Argument::Kind::kValue, "N", "the database of that key (0)", "0"};
constexpr Argument kForce{"--force", Argument::Kind::kSwitch, "",
                          "with --apply, --take: do not wait for followers"};
constexpr Argument kForget{
    "--forget", Argument::Kind::kSwitch, "",
    "what is missing is lost: end the condition, remove the files set aside"};

ExitCode forget(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"SALVAGE", "FORGET"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "what its log had lost is forgotten\n";
  return kClean;
}

void print_left(const json& answer) {
  const json& left = answer.at("left");
  for (const json& each : left) {
    std::cout << "left alone, since it has changed: " << in_quotes(bytes_of(each.at("key")));
    if (each.at("database") != 0) std::cout << " of database " << each.at("database").dump();
    std::cout << '\n';
  }
  if (left.size() == regions::LostLog::Salvage::kLeftMax) {
    std::cout << "no more keys are named; more may have been left alone: --out has all lost ops\n";
  }
}

ExitCode print_result(const json& answer) {
  print_left(answer);
  const auto number = [&](const char* name) { return answer.at(name).get<std::uint64_t>(); };
  const auto text = answer.at("text").get<std::string>();
  if (!text.empty()) std::cout << printable(text) << '\n';
  if (number("other_ops") > 0) {
    std::cout << number("other_ops") << " ops of policies, regions and the like: set them again\n";
  }
  if (number("unproven") > 0) std::cout << number("unproven") << " records that nothing proves\n";
  if (answer.at("state") != "done") return kFailed;
  if (number("losses") == 0) {
    std::cout << "all that is proven is written again\n";
    if (number("unread") > 0) {
      std::cout << "ops that could not be read, and stay lost: " << number("unread") << '\n';
    }
    return kClean;
  }
  std::cout << number("ops") << " ops are written again, " << number("left_ops")
            << " left alone: the loss stands\n";
  return kPartly;
}

// Waits until the leader has done it, and tells how far it is.
ExitCode wait_for_end(const Arguments& arguments) {
  SteadyTime said = steady_now();
  for (;;) {
    const core::Result<std::string> answer = ask(arguments, {"SALVAGE", "RESULT"});
    if (!answer.ok()) return print_unanswered(answer.failure());
    const json state = json::parse(answer.value());
    const auto word = state.at("state").get<std::string>();
    if (word != "reading" && word != "writing") return print_result(state);
    if (const SteadyTime now = steady_now(); now - said >= kTellEvery) {
      std::cerr << "anabranch: " << word << ", ops written again: " << state.at("ops").dump()
                << '\n';
      said = now;
    }
    std::this_thread::sleep_for(kAskEvery);
  }
}

ExitCode act(const Arguments& arguments, std::vector<std::string> words) {
  if (!arguments.has(kDirectory.name)) {
    return print_error("say --data DIR: this is done at the machine of the leader", kUsage);
  }
  const bool takes = arguments.has(kTake.name);
  if (arguments.has(kForce.name)) words.emplace_back("FORCE");
  const auto answer = ask(arguments, std::move(words), takes ? arguments.text(kDb.name) : "");
  if (!answer.ok()) return print_unanswered(answer.failure());
  return wait_for_end(arguments);
}

// Of the leader that has the directory, or else of the directory.
core::Result<OwnOrigins> find_own(const Arguments& arguments, const std::string& directory) {
  const auto answer = ask(arguments, {"SALVAGE", "RESULT"});
  if (!answer.ok() && answer.failure().code == ErrorCode::kClosed) return own_origins_of(directory);
  if (!answer.ok()) return answer.failure();
  const json all = json::parse(answer.value());
  OwnOrigins own;
  own.region = all.at("region").get<std::string>();
  for (const json& each : all.at("origins")) {
    const auto origin = core::parse_number<core::Origin, 16>(each.get<std::string>());
    if (origin) own.origins.insert(*origin);
  }
  return own;
}

ExitCode list_files(const Arguments& arguments) {
  const std::string directory = arguments.text(kDirectory.name);
  if (const auto found = find_data(directory); !found.ok()) {
    return print_error(found.failure().message);
  }
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(directory) / "wal", error)) {
    return print_error("the write-ahead log of " + directory + " (the folder wal) is gone");
  }
  const auto own = find_own(arguments, directory);
  if (!own.ok() && own.failure().code == ErrorCode::kTimeout)
    return print_unanswered(own.failure());
  if (!own.ok()) return print_error(own.failure());
  std::ofstream out;
  const std::string name = arguments.text(kOut.name);
  if (!name.empty()) {
    if (std::filesystem::exists(name, error)) return print_error(name + " is there already");
    out.open(name, std::ios::binary);
    if (!out) return print_error(name + " cannot be written");
  }
  const auto files = storage::log_files_of(directory);
  const auto found =
      print_lost_writes(*files, own.value(), std::cout, name.empty() ? nullptr : &out);
  if (!found.ok()) return print_error(found.failure());
  if (found.value() == 0) std::cout << "no lost writes of this region are set aside\n";
  if (!name.empty() && !out.flush()) return print_error(name + " could not be written");
  return kClean;
}

// The condition, of a leader that runs.
ExitCode print_condition(const Arguments& arguments, bool must_run) {
  const core::Result<std::string> answer = ask(arguments, {"STATUS"});
  if (!answer.ok() && !must_run && answer.failure().code == ErrorCode::kClosed) return kClean;
  if (!answer.ok()) return print_unanswered(answer.failure());
  const json lost = json::parse(answer.value()).at("log_lost");
  for (const json& each : lost) std::cout << printable(each.get<std::string>()) << '\n';
  if (lost.empty()) std::cout << "its log has lost nothing\n";
  return lost.empty() ? kClean : kFailed;
}

ExitCode run_salvage(const Arguments& arguments) try {
  if (arguments.has(kForget.name) + arguments.has(kApply.name) + arguments.has(kTake.name) > 1) {
    return print_error("say one of --forget, --apply and --take", kUsage);
  }
  if (arguments.has(kForget.name)) return forget(arguments);
  if (arguments.has(kApply.name)) return act(arguments, {"SALVAGE", "APPLY"});
  if (arguments.has(kTake.name)) {
    return act(arguments, {"SALVAGE", "TAKE", arguments.text(kTake.name)});
  }
  const bool has_files = arguments.has(kDirectory.name);
  if (arguments.has(kOut.name) && !has_files) {
    return print_error("say --data DIR: only its files have that", kUsage);
  }
  const ExitCode condition = print_condition(arguments, !has_files);
  if (condition == kSilent) return condition;
  const ExitCode listed = has_files ? list_files(arguments) : kClean;
  return listed == kClean ? condition : listed;
} catch (const json::exception& error) {
  return print_error("the leader's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command salvage_command() {
  return {"salvage", "what the log of a leader has lost: listed, exported, written again",
          asking({kOut, kApply, kTake, kDb, kForce, kForget}), run_salvage};
}

}  // namespace anabranch::server::cli
