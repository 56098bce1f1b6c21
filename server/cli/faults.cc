#include "server/cli/faults.h"

#include <fcntl.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "core/system/standard_error.h"
#include "server/cli/command.h"
#include "storage/damage.h"

// A signal handler may neither allocate nor lock: it reads /proc/self/maps into static memory, and
// writes pieces of text.
namespace anabranch::server::cli {
namespace {

constexpr std::string_view kDataFile = "/data.mdb";
constexpr std::string_view kLmdb = "/liblmdb";
constexpr std::size_t kLineMax = 8192;  // Longer than any path.

std::atomic_flag explaining;
std::array<char, kLineMax> line;

void say(std::string_view text) { core::StandardError::write_last(text); }

void say(std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  say({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// One mapping, as printed by the kernel: "BEGIN-END FLAGS OFFSET DEVICE INODE PATH".
struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  std::string_view path;
};

std::uint64_t take_hex(std::string_view& text) {
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, 16).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return number;
}

void skip_word(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find(' ')));
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
}

Mapping parse(std::string_view text) {
  Mapping mapping;
  mapping.begin = take_hex(text);
  mapping.end = take_hex(text);
  skip_word(text);
  mapping.offset = take_hex(text);
  skip_word(text);
  skip_word(text);
  mapping.path = text;
  return mapping;
}

// Returns the first mapping accepted by `is_right`, in `line`; empty if there is none.
template <typename IsRight>
Mapping find(const IsRight& is_right) {
  const int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  std::size_t size = 0;
  Mapping found;
  for (char c = 0; maps >= 0 && ::read(maps, &c, 1) == 1;) {
    if (c != '\n') {
      if (size < line.size()) line[size++] = c;
      continue;
    }
    found = parse({line.data(), size});
    if (is_right(found)) break;
    found = {};
    size = 0;
  }
  if (maps >= 0) ::close(maps);
  return found;
}

Mapping find_around(std::uint64_t address) {
  return find([&](const Mapping& each) { return each.begin <= address && address < each.end; });
}

// Whether LMDB, or a copy function that it called, was running: judged by the address of the failed
// instruction, and by its return addresses.
bool was_in_lmdb([[maybe_unused]] const void* context) {
  const auto in_lmdb = [](std::uint64_t address) {
    return find_around(address).path.find(kLmdb) != std::string_view::npos;
  };
#if defined(__x86_64__)
  constexpr std::size_t kWords = 16;  // Words of the stack.
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  if (in_lmdb(static_cast<std::uint64_t>(registers[REG_RIP]))) return true;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a register is a number.
  const auto* const stack = reinterpret_cast<const std::uint64_t*>(registers[REG_RSP]);
  return std::any_of(stack, stack + kWords, in_lmdb);
#elif defined(__aarch64__)
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
  return in_lmdb(machine.pc) || in_lmdb(machine.regs[30]);
#else
  return false;
#endif
}

[[noreturn]] void end_damaged(const Mapping& file, std::uint64_t address) {
  say("anabranch: ");
  say(file.path);
  if (file.begin <= address && address < file.end) {
    say(" is damaged: its byte ");
    say(address - file.begin + file.offset);
    say(" cannot be read, since the disk does not give it or the file is truncated: ");
  } else {
    say(" is damaged: a page of it has led LMDB astray: ");
  }
  say(storage::kDamageAdvice);
  say("\n");
  ::_exit(kDamaged);
}

// LMDB trusts its pages: a damaged one may lead it outside of the file.
void explain(int signal, siginfo_t* info, void* context) {
  if (explaining.test_and_set()) {
    for (;;) ::pause();  // Another thread is already ending the process.
  }
  const bool of_memory = info->si_code > 0;
  const auto address = reinterpret_cast<std::uint64_t>(info->si_addr);
  const auto is_data = [](const Mapping& each) { return each.path.ends_with(kDataFile); };
  const Mapping around = of_memory ? find_around(address) : Mapping{};
  if (is_data(around)) end_damaged(around, address);
  const bool astray = of_memory && signal != SIGABRT && was_in_lmdb(context);
  if (astray) end_damaged(find(is_data), address);
  say("anabranch: stopped by ");
  say(signal == SIGBUS ? "SIGBUS" : signal == SIGSEGV ? "SIGSEGV" : "SIGABRT");
  say(": if `anabranch check` finds nothing wrong with the data directory, this is a bug, please "
      "report it\n");
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void explain_faults() {
  storage::exit_when_damaged(kDamaged);
  (void)core::StandardError::dropped();  // It is made: a handler may not.
  struct sigaction action {};
  action.sa_sigaction = explain;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGBUS, &action, nullptr);
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGABRT, &action, nullptr);  // For example a heap that LMDB has overwritten.
}

}  // namespace anabranch::server::cli
