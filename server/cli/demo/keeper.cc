#include "server/cli/demo/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "control/resp/file.h"

namespace anabranch::server::cli {
namespace {

namespace fs = std::filesystem;

using control::File;
using core::Failure;
using core::Result;
using ProgramWords = std::vector<std::string>;

// With less than half of it free a leader refuses to write; three take a sixth.
constexpr std::uintmax_t kRoomNeeded = std::uintmax_t{128} << 20U;
constexpr const char* kTold = "told";

Failure system_failure(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + std::strerror(errno)};
}

// ---- The program's process.

// Runs the program in place of this process. The keeper is its parent until it dies.
[[noreturn]] void become(const ProgramWords& words, const std::string& folder, pid_t keeper,
                         const sigset_t& unblocked) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::setpgid(0, 0);
  std::signal(SIGPIPE, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &unblocked, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::getppid() != keeper) ::_exit(kFailed);
  if (nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 && ::chdir(folder.c_str()) == 0) {
    ::execvp(arguments.front(), arguments.data());
  }
  ::_exit(print_error(system_failure(words.front() + " cannot be run")));
}

// ---- The keeper's process.

Result<std::string> make_folder(const std::string& place) {
  std::error_code error;
  std::string name = fs::absolute(place, error) / "anabranch-demo-XXXXXX";
  if (!error && ::mkdtemp(name.data()) == nullptr) error.assign(errno, std::generic_category());
  if (!error) return name;
  return Failure{ErrorCode::kIo, "no folder can be made in " + place + ": " + error.message()};
}

// All are blocked in the keeper: it must not end before its work is done.
Result<File> open_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  File signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.open()) return system_failure("no signals can be read");
  return signals;
}

// Whether a child has ended. It stays a zombie, so that its number means nobody else.
bool has_ended(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == child;
}

// Waits until the program has ended, or the pipe of the first process.
void await_end(pid_t program, const File& life, const File& signals) {
  std::array<pollfd, 2> wanted{{{life.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
  while (!has_ended(program)) {
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) return;
    if (wanted[0].revents != 0) return;
    signalfd_siginfo seen{};
    while (::read(signals.fd(), &seen, sizeof seen) > 0) {
    }
  }
}

// Ends all that the program has begun, and returns its code.
ExitCode end_all(pid_t program, const std::string& folder) {
  const bool by_itself = has_ended(program);
  std::error_code error;
  ExitCode code = !by_itself && fs::exists(folder + '/' + kTold, error) ? kClean : kFailed;
  ::kill(-program, SIGKILL);
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, 0)) > 0 || errno == EINTR;) {
    if (!by_itself || ended != program) continue;
    if (WIFEXITED(status)) code = static_cast<ExitCode>(WEXITSTATUS(status));
    if (!WIFSIGNALED(status)) continue;
    print_error(std::string("the story was ended: ") + ::strsignal(WTERMSIG(status)));
  }
  return code;
}

ExitCode run_in(const std::string& folder, const ProgramWords& words, const File& life,
                const sigset_t& unblocked) {
  std::error_code error;
  const std::uintmax_t room = fs::space(folder, error).available;
  if (!error && room < kRoomNeeded) {
    return print_error("there is no room for the data: " + folder + " has " +
                       std::to_string(room >> 20U) + " MiB, and needs " +
                       std::to_string(kRoomNeeded >> 20U) + "; TMPDIR may name another folder");
  }
  const Result<File> signals = open_signals();
  if (!signals.ok()) return print_error(signals.failure());
  const pid_t keeper = ::getpid();
  const pid_t program = ::fork();
  if (program < 0) return print_error(system_failure("no process can be begun"));
  if (program == 0) become(words, folder, keeper, unblocked);
  ::setpgid(program, program);  // Here and there: whoever comes first.
  await_end(program, life, signals.value());
  return end_all(program, folder);
}

ExitCode keep(const ProgramWords& words, const std::string& place, const File& life,
              const sigset_t& unblocked) {
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Result<std::string> folder = make_folder(place);
  if (!folder.ok()) return print_error(folder.failure());
  const ExitCode code = run_in(folder.value(), words, life, unblocked);
  std::error_code error;
  fs::remove_all(folder.value(), error);
  if (!error) return code;
  return print_error(folder.value() + " cannot be removed: " + error.message());
}

// ---- The first process.

// Those that end a program, but for the ignored ones, and the one of its children.
sigset_t awaited_signals() {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) ::sigaddset(&awaited, signal);
  }
  return awaited;
}

// Waits for the keeper, and closes the pipe when a signal says so.
Ending await_keeper(pid_t keeper, File life, const sigset_t& awaited) {
  Ending ending;
  int status = 0;
  pid_t ended = 0;
  while (ended == 0) {
    int signal = 0;
    ::sigwait(&awaited, &signal);
    if (signal != SIGCHLD) {
      ending.stopped = true;
      life = File();
    }
    ended = ::waitpid(keeper, &status, ending.stopped ? 0 : WNOHANG);
  }
  if (ended == keeper && WIFEXITED(status)) {
    ending.code = static_cast<ExitCode>(WEXITSTATUS(status));
  } else {
    print_error("the process that clears up was killed: something may be left");
  }
  return ending;
}

}  // namespace

Result<Ending> run_and_clear(const ProgramWords& words, const std::string& place) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("no pipe can be made");
  File read_end(ends[0]);
  File write_end(ends[1]);
  std::signal(SIGCHLD, SIG_DFL);  // Ignored, there would be no children to wait for.
  const sigset_t awaited = awaited_signals();
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &awaited, &before);
  const pid_t keeper = ::fork();
  if (keeper < 0) return system_failure("no process can be begun");
  if (keeper == 0) {
    write_end = File();
    ::_exit(keep(words, place, read_end, before));
  }
  return await_keeper(keeper, std::move(write_end), awaited);
}

}  // namespace anabranch::server::cli
