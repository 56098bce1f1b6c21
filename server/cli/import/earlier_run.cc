#include "server/cli/import/earlier_run.h"

#include <chrono>
#include <iostream>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#include "core/text.h"

namespace anabranch::server::cli {
namespace {

using core::Result;
using std::chrono::milliseconds;

constexpr milliseconds kPollEvery{100};
constexpr int kPollsMax = 600;
constexpr int kPollsInSilence = 10;
constexpr const char* kCannotSee =
    "anabranch: cannot see whether the leader still executes commands of an earlier run (this "
    "needs "
    "the rights +client|setname +client|id +client|list)\n";

// Returns the value of a field in a line of CLIENT LIST; empty if it has none.
std::string field(std::string_view line, const std::string& name) {
  std::istringstream words{std::string(line)};
  for (std::string word; words >> word;) {
    if (word.starts_with(name + '=')) return word.substr(name.size() + 1);
  }
  return {};
}

// Returns the address of a connection of this name that is older than the one of this id.
std::optional<std::string> older(const std::string& list, const std::string& name,
                                 std::int64_t id) {
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    if (field(line, "name") != name) continue;
    const auto other = core::parse_integer(field(line, "id"));
    if (other && *other < id) return field(line, "addr");
  }
  return std::nullopt;
}

}  // namespace

Result<void> wait_for_earlier_runs(Client& client, const std::string& name, bool goes_on) {
  const Result<std::string> named = client.call({"CLIENT", "SETNAME", name});
  const Result<std::string> id = client.call({"CLIENT", "ID"});
  for (int polls = 0; polls < kPollsMax; ++polls) {
    const Result<std::string> list = client.call({"CLIENT", "LIST"});
    if (!list.ok() && list.failure().code == ErrorCode::kTimeout) return list.failure();
    if (!named.ok() || !id.ok() || !list.ok()) {
      if (goes_on) std::cerr << kCannotSee;
      return {};
    }
    const auto address = older(list.value(), name, core::parse_integer(id.value()).value_or(0));
    if (!address) return {};
    if (polls == kPollsInSilence) {
      std::cerr << "anabranch: waits for an earlier run, connected from " << *address << '\n';
    }
    if (polls + 1 == kPollsMax) {
      return core::invalid("an earlier run of this import, connected from " + *address +
                           ", has not ended: stop it first");
    }
    std::this_thread::sleep_for(kPollEvery);
  }
  return {};
}

}  // namespace anabranch::server::cli
