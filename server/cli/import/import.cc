// `anabranch import`: brings the keys of a Redis into a leader that runs.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "core/text.h"
#include "server/cli/ask.h"
#include "server/cli/import/earlier_run.h"
#include "server/cli/import/import_command.h"
#include "server/cli/import/live_source.h"
#include "server/cli/import/progress.h"
#include "server/cli/import/rdb_file.h"
#include "server/cli/import/target.h"

namespace anabranch::server::cli {
namespace {

using core::Result;

constexpr Argument kFrom{"--from", Argument::Kind::kValue, "SOURCE",
                         "redis://[USER:PASSWORD@]HOST:PORT[/DATABASE], HOST:PORT, or an RDB file; "
                         "a password may stand in ANABRANCH_SOURCE_PASSWORD"};
constexpr Argument kTo{"--to", Argument::Kind::kValue, "HOST:PORT",
                       "the Redis port of the leader to write to (127.0.0.1:6400)",
                       "127.0.0.1:6400"};
constexpr Argument kProgress{"--progress", Argument::Kind::kValue, "DIR",
                             "the folder of the file by which a later run goes on (.)", "."};
constexpr Argument kAgain{"--again", Argument::Kind::kSwitch, "",
                          "begin anew, whatever a former run has done"};
constexpr Argument kOverwrite{"--overwrite", Argument::Kind::kSwitch, "",
                              "replace keys that the leader has already"};
constexpr Argument kSkip{"--skip-existing", Argument::Kind::kSwitch, "",
                         "keep keys that the leader has already, and call that a success"};

// Counts the keys of a file, to see before the first write that all of it can be read.
class Count final : public KeySink {
 public:
  Result<void> boundary(const Position& /*position*/) override { return {}; }
  Result<void> begin(KeyHead /*head*/) override {
    ++keys;
    return {};
  }
  Result<void> item(std::string_view /*first*/, std::string_view /*second*/) override { return {}; }
  Result<void> end() override { return {}; }
  void leave_out(const std::string& /*reason*/, std::uint32_t /*database*/,
                 std::string_view /*key*/) override {
    ++keys;
  }

  std::uint64_t keys = 0;
};

// The failure of an address, under the name of the argument that has it.
core::Failure named(core::Failure failure, const std::string& argument) {
  if (failure.message.starts_with("--redis")) failure.message.replace(0, 7, argument);
  return failure;
}

void set_state(Progress& progress, const std::string& state) {
  if (!progress.set_source_state(state)) return;
  std::cerr << "anabranch: the source has changed or was started again: begins anew\n";
}

struct Job {
  const Arguments& arguments;
  Progress& progress;
  bool goes_on = false;  // Where an earlier run has stopped.
};

// Writes what `read` hands over; `total` is for the lines of progress.
template <typename Read>
Result<Report> transfer(const Job& job, std::uint64_t total, const Read& read) {
  Result<Client> client = connect_to_port(job.arguments, job.arguments.text(kTo.name));
  if (!client.ok()) return named(client.failure(), "--to");
  const std::string name = std::filesystem::path(job.progress.path()).stem().string();
  if (const Result<void> alone = wait_for_earlier_runs(client.value(), name, job.goes_on);
      !alone.ok()) {
    return alone.failure();
  }
  ProgressLines lines(total, job.progress.report());
  const bool overwrites = job.arguments.has(kOverwrite.name);
  Target target(std::move(client).value(), overwrites ? Existing::kOverwrite : Existing::kKeep,
                job.progress, lines);
  if (const Result<void> done = read(target, job.progress.position()); !done.ok()) {
    return done.failure();
  }
  if (const Result<void> done = target.finish(); !done.ok()) return done.failure();
  if (const Result<void> done = job.progress.remove(); !done.ok()) return done.failure();
  return target.report();
}

Result<Report> import_file(const Job& job, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (!in || error) return core::invalid("--from: " + path + " cannot be read");
  Count count;
  if (const Result<void> whole = RdbFile(in, size).read(count); !whole.ok()) {
    return core::invalid(path + ", " + whole.failure().message + "; nothing was written");
  }
  const auto time = std::filesystem::last_write_time(path, error).time_since_epoch().count();
  set_state(job.progress, std::to_string(size) + " bytes of " + std::to_string(time));
  in.clear();
  in.seekg(0);
  return transfer(job, count.keys, [&](KeySink& sink, const std::optional<Position>& from) {
    return RdbFile(in, size).read(sink, from);
  });
}

Result<Report> import_live(const Job& job, LiveAddress address) {
  const char* const password = std::getenv("ANABRANCH_SOURCE_PASSWORD");
  if (address.password.empty() && password != nullptr) {
    address.password = core::first_line(password);
  }
  Result<LiveSource> source = LiveSource::connect(address);
  if (!source.ok()) return source.failure();
  set_state(job.progress, "run " + source.value().run_id());
  return transfer(job, source.value().keys(),
                  [&](KeySink& sink, const std::optional<Position>& from) {
                    return source.value().read(sink, from);
                  });
}

// The advice behind a failure in the middle.
std::string goes_on(const Progress& progress) {
  std::error_code ignored;
  if (!std::filesystem::exists(progress.path(), ignored)) return {};
  return "; the same command goes on from here, by " + progress.path();
}

Result<Report> import(const Arguments& arguments, const LiveAddress* live,
                      const std::string& source) {
  Progress progress(arguments.text(kProgress.name), source, arguments.text(kTo.name));
  if (arguments.has(kAgain.name)) {
    if (const Result<void> removed = progress.remove(); !removed.ok()) return removed.failure();
  }
  const Result<bool> begun = progress.load();
  if (!begun.ok()) return begun.failure();
  if (begun.value()) std::cerr << "anabranch: goes on from " + progress.path() + '\n';
  const Job job{arguments, progress, begun.value()};
  Result<Report> report = live != nullptr ? import_live(job, *live) : import_file(job, source);
  if (report.ok()) return report;
  return core::Failure{report.failure().code, report.failure().message + goes_on(progress)};
}

ExitCode run_import(const Arguments& arguments) {
  const std::string from = arguments.text(kFrom.name);
  if (from.empty()) return print_error("import needs --from", kUsage);
  if (arguments.has(kOverwrite.name) && arguments.has(kSkip.name)) {
    return print_error("say --overwrite or --skip-existing, not both", kUsage);
  }
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(from, ignored);
  LiveAddress address;
  if (!is_file) {
    const Result<LiveAddress> parsed = parse_live_address(from);
    if (!parsed.ok()) return print_error(parsed.failure().message, kUsage);
    address = parsed.value();
  }
  const std::string source =
      is_file ? std::filesystem::absolute(from).lexically_normal().string() : address.text();
  const Result<Report> report = import(arguments, is_file ? nullptr : &address, source);
  if (!report.ok()) return print_unanswered(report.failure());
  std::cout << report.value().text();
  const bool kept = report.value().existed > 0 && !arguments.has(kSkip.name);
  return kept || report.value().left_out() > 0 ? kPartly : kClean;
}

}  // namespace

Command import_command() {
  return {"import",
          "bring the keys of a Redis, or of its RDB file, into a leader",
          {kFrom, kTo, kProgress, kAgain, kOverwrite, kSkip, kUser, kPasswordFile, kTls, kTlsRoot,
           kTlsCertificate, kTlsKey},
          run_import};
}

}  // namespace anabranch::server::cli
