// `anabranch backup FOLDER`: lets a leader write a backup while it goes on serving, or writes one
// of a directory that no leader has open.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/wall_clock.h"
#include "leader/backup/run.h"
#include "regions/verify/directory_check.h"
#include "server/cli/ask.h"
#include "server/cli/backup/backup_commands.h"
#include "server/cli/backup/backup_text.h"
#include "server/cli/backup/progress_line.h"
#include "server/cli/faults.h"
#include "server/cli/printable.h"
#include "server/cli/wanted_file.h"
#include "server/steady_clock.h"
#include "storage/engine/open_storage.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr auto kPollEvery = std::chrono::milliseconds(50);

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int /*signal*/) { interrupted = 1; }

constexpr Argument kNewFolder{"FOLDER", Argument::Kind::kPositional, "",
                              "a new or empty folder, or one with an unfinished backup"};

std::string applied_text(const json& applied) {
  std::string text;
  for (const json& each : applied) {
    text += ' ' + each.at("origin").get<std::string>() + ':' + each.at("seq").dump();
  }
  return text.empty() ? " nothing" : printable(text);
}

// Prints the outcome of a leader's backup.
ExitCode print_done(const json& result) {
  for (const json& finding : result.at("findings")) {
    std::cout << printable(finding.get<std::string>()) << '\n';
  }
  if (result.at("anew").get<bool>()) std::cout << "an unfinished backup was there: begun anew\n";
  std::cout << printable(result.at("path").get<std::string>()) << ": " << result.at("rows")
            << " rows with digest " << printable(result.at("digest").get<std::string>()) << ", "
            << result.at("records") << " log records, "
            << byte_size(result.at("bytes").get<std::uint64_t>()) << ", applied"
            << applied_text(result.at("applied")) << ": written and verified in "
            << time_span(result.at("ended_ms").get<std::int64_t>() -
                         result.at("begun_ms").get<std::int64_t>())
            << '\n';
  if (result.at("faults") == 0) return kClean;
  std::cout << "what is named above is wrong in the leader: see anabranch check\n";
  return kPartly;
}

// Asks until the backup has ended; stops it when this process is interrupted.
core::Result<json> wait_for_end(const Arguments& arguments) {
  ProgressLine line;
  bool stopping = false;
  for (;;) {
    if (interrupted != 0 && !std::exchange(stopping, true)) {
      const auto stopped = ask(arguments, {"BACKUP", "STOP"});
      if (!stopped.ok()) return stopped.failure();
    }
    const core::Result<std::string> answer = ask(arguments, {"BACKUP", "RESULT"});
    if (!answer.ok()) return answer.failure();
    json result = json::parse(answer.value());
    if (result.at("state") != "running") return result;
    line.show(result.at("stage").get<std::string>(), result.at("done"), result.at("total"),
              result.at("bytes"));
    std::this_thread::sleep_for(kPollEvery);
  }
}

ExitCode at_leader(const Arguments& arguments, const std::string& folder) {
  (void)std::signal(SIGINT, interrupt);
  (void)std::signal(SIGTERM, interrupt);
  const core::Result<std::string> started = ask(arguments, {"BACKUP", "START", folder});
  if (!started.ok()) return print_unanswered(started.failure());
  if (started.value() == "joined") {
    std::cout << "the leader is writing this backup already: waiting for it\n" << std::flush;
  }
  const core::Result<json> result = wait_for_end(arguments);
  if (!result.ok()) {
    return print_unanswered(
        {result.failure().code,
         result.failure().message + "; if its leader has ended, the backup is unfinished"});
  }
  if (arguments.has(kJson.name)) std::cout << result.value().dump(2) << '\n';
  const std::string state = result.value().at("state");
  if (state == "none") {
    return print_error("the leader was started anew meanwhile: the backup is unfinished");
  }
  if (state == "failed") {
    return print_error("no backup: " + result.value().at("error").get<std::string>());
  }
  if (!arguments.has(kJson.name)) return print_done(result.value());
  return result.value().at("faults") == 0 ? kClean : kPartly;
}

// Fails once a leader wants the directory; looks once a second.
class GivesWay {
 public:
  explicit GivesWay(const std::string& directory) : wanted_(directory) { wanted_.remove(); }

  core::Result<void> look() {
    const SteadyTime now = steady_now();
    if (now - looked_ < std::chrono::seconds(1)) return {};
    looked_ = now;
    if (!wanted_.is_there()) return {};
    return core::Failure{ErrorCode::kBusy,
                         "a leader is about to open the directory, and it gives way: the same "
                         "command lets that leader write the backup"};
  }

 private:
  WantedFile wanted_;  // One that is there from before is of a leader that was killed.
  SteadyTime looked_ = steady_now();
};

// Backs up a directory that no leader has open, and that is locked meanwhile.
ExitCode of_directory(const Arguments& arguments, const std::string& folder) {
  const std::string directory = arguments.text(kDirectory.name);
  explain_faults();
  auto opened =
      storage::open_storage({.tables = {.directory = directory}, .engine = {.look = true}});
  if (!opened.ok()) return print_error(opened.failure());
  if (auto ready = opened.value()->open(); !ready.ok()) return print_error(ready.failure());
  const regions::CheckReport log = regions::check_log(*opened.value());
  const core::SystemClock clock;
  const core::Millis begun = clock.now_ms();
  core::Result<leader::BackupRun> made = leader::BackupRun();
  {
    ProgressLine line;
    GivesWay gives_way(directory);
    made = leader::run_backup(*opened.value(), directory, folder, clock,
                              [&](const leader::BackupProgress& at) {
                                line.show(at.stage, at.done, at.total, at.bytes);
                                return gives_way.look();
                              });
  }
  if (!made.ok()) return print_error("no backup: " + made.failure().message);
  print_findings(made.value().report);
  if (made.value().anew) std::cout << "an unfinished backup was there: begun anew\n";
  std::cout << printable(made.value().path) << ": "
            << summary(made.value().report.manifest, made.value().report.records)
            << ": written and verified in " << time_span(clock.now_ms() - begun) << '\n';
  for (const std::string& each : log.findings) std::cout << printable(each) << '\n';
  for (const std::string& each : log.notes) std::cout << printable(each) << '\n';
  const bool whole = log.findings.empty() && log.notes.empty();
  // A loss that stands was noted by a leader: the backup has the note.
  const std::size_t noted = log.losses > 0 ? 1 : 0;
  if (!log.findings.empty() || log.notes.size() > noted) {
    std::cout
        << "writes are missing in the directory: they are in no backup of it, and a leader of "
           "this one does not know of them\n";
  }
  return whole && made.value().report.faults == 0 ? kClean : kPartly;
}

// Whether there is a data directory without a leader that takes verbs.
bool is_left_alone(const Arguments& arguments) {
  if (!arguments.has(kDirectory.name) || arguments.has(kRedis.name)) return false;
  const std::string directory = arguments.text(kDirectory.name);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(directory) / "data.mdb", error)) return false;
  const core::Result<Client> leader = Client::connect_to_directory(directory);
  return !leader.ok() && leader.failure().code == ErrorCode::kClosed;
}

ExitCode run_backup(const Arguments& arguments) try {
  std::filesystem::path folder = arguments.text(kNewFolder.name);
  const bool is_here = arguments.has(kDirectory.name);
  std::error_code error;
  if (is_here && !folder.empty()) folder = std::filesystem::absolute(folder, error);
  if (error || !folder.is_absolute()) {
    return print_error("name the folder by its absolute path: it is one of the leader's machine",
                       kUsage);
  }
  if (is_left_alone(arguments)) return of_directory(arguments, folder.string());
  return at_leader(arguments, folder.string());
} catch (const json::exception& error) {
  return print_error("the server's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command backup_command() {
  return {"backup", "write a consistent copy of a leader's data to a folder, while it serves",
          asking({kNewFolder, kJson}), run_backup};
}

}  // namespace anabranch::server::cli
