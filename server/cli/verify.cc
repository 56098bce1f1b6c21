// `anabranch verify [REGION...]`: makes a leader compare all its rows with those of its peers, and
// prints the differences.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr auto kPollEvery = std::chrono::milliseconds(50);
constexpr auto kSayEvery = std::chrono::seconds(5);

constexpr Argument kRegions{"REGION", Argument::Kind::kPositionals, "",
                            "the regions to compare with; all peers when none is named"};

std::string text(const json& object, const char* name) {
  const json& value = object.at(name);
  return value.is_string() ? printable(value.get<std::string>()) : value.dump();
}

bool is_good(const json& verdict) {
  const std::string state = verdict.at("state");
  return (state == "equal" || state == "same") && !verdict.at("digest_wrong_here") &&
         !verdict.at("digest_wrong_there");
}

// Whether the region could not be asked, so that nothing is known of its rows.
bool is_away(const json& verdict) {
  const std::string state = verdict.at("state");
  const bool told = state == "equal" || state == "same" || state == "different" ||
                    state == "behind" || state == "sweeping";
  return !told && !verdict.at("digest_wrong_here") && !verdict.at("digest_wrong_there");
}

std::string vector_text(const json& applied) {
  std::string words;
  for (const json& entry : applied) words += " " + text(entry, "origin") + ":" + text(entry, "seq");
  return words.empty() ? " nothing" : words;
}

std::string outcome(const json& verdict) {
  const std::string state = verdict.at("state");
  const std::string rows = text(verdict, "rows") + " rows";
  if (state == "equal") {
    return "equal: " + rows + ", digest " + text(verdict, "digest") + ", applied" +
           vector_text(verdict.at("applied"));
  }
  if (state == "same") {
    return "no difference lasted: " + rows +
           " compared while writes went on; to prove it, let both rest for a moment";
  }
  if (state == "different") {
    return text(verdict, "differing") + " of " + rows + " differ, applied" +
           vector_text(verdict.at("applied"));
  }
  if (state == "behind") return "not compared: one of the two is far behind the other; ask again";
  if (state == "sweeping") return "not compared: a large clear is still being swept; ask again";
  if (state == "unreachable") return "not compared: it is not connected to this leader";
  return "not compared: it does not answer";
}

std::string buckets_of(const json& differences) {
  std::set<int> buckets;
  for (const json& each : differences) buckets.insert(each.at("bucket").get<int>());
  std::string words;
  for (const int bucket : buckets) words += ' ' + std::to_string(bucket);
  return words;
}

void print(const json& verdict) {
  const std::string region = text(verdict, "region");
  std::cout << region << ": " << outcome(verdict) << '\n';
  const json& differences = verdict.at("differences");
  if (!differences.empty()) std::cout << "  in buckets" << buckets_of(differences) << '\n';
  for (const json& each : differences) {
    std::cout << "  " << text(each, "row") << '\n'
              << "    here:  " << text(each, "here") << '\n'
              << "    there: " << text(each, "there") << '\n';
  }
  if (verdict.at("differing") > differences.size()) std::cout << "  and more\n";
  const std::string wrong = " keeps a digest that its rows do not have: see anabranch check\n";
  if (verdict.at("digest_wrong_here")) std::cout << "  this leader" << wrong;
  if (verdict.at("digest_wrong_there")) std::cout << "  region " << region << wrong;
}

std::string names_of_running(const json& verdicts) {
  std::string names;
  for (const json& each : verdicts) {
    if (each.at("state") == "running") names += (names.empty() ? "" : ", ") + text(each, "region");
  }
  return names;
}

// Asks repeatedly until no comparison is running.
core::Result<json> wait_for_verdicts(const Arguments& arguments) {
  SteadyTime said = steady_now();
  for (;;) {
    const core::Result<std::string> answer = ask(arguments, {"VERIFY", "RESULT"});
    if (!answer.ok()) return answer.failure();
    json verdicts = json::parse(answer.value());
    const std::string running = names_of_running(verdicts);
    if (running.empty()) return verdicts;
    if (const SteadyTime now = steady_now(); now - said >= kSayEvery) {
      std::cerr << "anabranch: waits for region " << running << '\n';
      said = now;
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

ExitCode run_verify(const Arguments& arguments) try {
  std::vector<std::string> words{"VERIFY", "START"};
  for (const std::string& region : arguments.texts(kRegions.name)) words.push_back(region);
  const core::Result<std::string> started = ask(arguments, words);
  if (!started.ok()) return print_unanswered(started.failure());
  const core::Result<json> verdicts = wait_for_verdicts(arguments);
  if (!verdicts.ok()) return print_unanswered(verdicts.failure());
  if (arguments.has(kJson.name)) {
    std::cout << verdicts.value().dump(2) << '\n';
  } else {
    for (const json& verdict : verdicts.value()) print(verdict);
  }
  if (verdicts.value().empty()) return print_error("there are no peers to compare with");
  const json& all = verdicts.value();
  if (std::ranges::all_of(all, is_good)) return kClean;
  const auto is_all_right = [](const json& each) { return is_good(each) || is_away(each); };
  return std::ranges::all_of(all, is_all_right) ? kAway : kFailed;
} catch (const json::exception& error) {
  return print_error("the server's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command verify_command() {
  return {"verify", "compare all rows with those of peers", asking({kRegions, kJson}), run_verify};
}

}  // namespace anabranch::server::cli
