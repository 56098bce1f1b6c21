// The simulator: random runs of a mesh of real replicas in virtual time.
//
//   sim                                 20 runs with fresh seeds
//   sim --runs N | --operations N | --seconds N
//                                       so many, or for so long
//   sim --seed N [--ops N] [--regions N] [--followers N] [--promote | --no-promote]
//       [--engine] [--plain]
//       [--signed | --unsigned] [--only FAULT,..] [--without FAULT,..] [--steps N-M,..]
//                                       repeats a run, or what is wished of it; --engine: on the
//                                       storage engine
//   sim --minimise                      a failing run is made smaller
//   sim --file FILE [--runs N]          repeats the runs whose arguments FILE lists, or N of them,
//                                       other ones each time; all with ANABRANCH_TEST_LONG
//   sim --plant BUG                     with a planted bug
//   sim --hunt N                        N random planted bugs, each to be found within a number of
//                                       operations; 0: all
//   sim --list                          all faults and bugs
//   sim --here                          in this very process, for a debugger

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>

#include <anabranch/log.h>

#include "tests/seed.h"
#include "tests/sim/campaign.h"
#include "tests/sim/faults.h"
#include "tests/sim/instruments.h"
#include "tests/sim/minimise.h"

namespace anabranch::test {
namespace {

constexpr std::size_t kRuns = 20;
constexpr std::chrono::seconds kMinimiseFor{30};
// In any time: a busy machine finds the same bugs as an idle one.
constexpr std::uint64_t kHuntOperations = 6'000'000;

struct Request {
  std::optional<std::uint64_t> seed;
  Wishes wishes;
  Bounds bounds;
  bool minimise = false;
  bool list = false;
  bool here = false;
  std::string plant;
  std::string file;
  std::optional<std::size_t> hunt;
};

template <typename Number>
bool read_number(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

bool read_names(const std::string& text, std::set<std::string>& names) {
  std::istringstream in(text);
  for (std::string name; std::getline(in, name, ',');) {
    if (name == "none") continue;
    if (std::ranges::find(faults(), name, &Fault::name) == faults().end()) return false;
    names.insert(name);
  }
  return true;
}

bool read_value(const std::string& flag, const std::string& value, Request& request) {
  std::uint64_t number = 0;
  if (flag == "--only") return read_names(value, request.wishes.only.emplace());
  if (flag == "--without") return read_names(value, request.wishes.without);
  if (flag == "--steps") return (request.wishes.steps = from_ranges(value)).has_value();
  if (flag == "--plant") return plant(request.plant = value);
  if (flag == "--file") return !(request.file = value).empty();
  if (!read_number(value, number)) return false;
  if (flag == "--seed") return (request.seed = number).has_value();
  if (flag == "--hunt") return (request.hunt = number).has_value();
  if (flag == "--runs") return (request.bounds.runs = number) > 0;
  if (flag == "--operations") return (request.bounds.operations = number) > 0;
  if (flag == "--ops") return (request.wishes.ops = number) > 0;
  if (flag == "--followers") return (request.wishes.followers = number).has_value();
  if (flag == "--regions") return (request.wishes.regions = number) > 1;
  if (flag == "--seconds") {
    request.bounds.seconds = std::chrono::seconds(number);
    return true;
  }
  return false;
}

std::optional<Request> read(const std::vector<std::string>& arguments) {
  Request request;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    if (*at == "--minimise") {
      request.minimise = true;
    } else if (*at == "--list") {
      request.list = true;
    } else if (*at == "--here") {
      request.here = true;
    } else if (*at == "--engine") {
      request.wishes.engine = true;
    } else if (*at == "--promote" || *at == "--no-promote") {
      request.wishes.promote = *at == "--promote";
    } else if (*at == "--plain") {
      request.wishes.plain = true;
    } else if (*at == "--signed") {
      request.wishes.trust = Network::Trust::kSigned;
    } else if (*at == "--unsigned") {
      request.wishes.trust = Network::Trust::kEverybody;
    } else {
      const std::string& flag = *at;
      if (++at == arguments.end() || !read_value(flag, *at, request)) return std::nullopt;
    }
  }
  return request;
}

void list() {
  std::cout << "faults:\n";
  for (const Fault& fault : faults()) std::cout << "  " << fault.name << ": " << fault.what << "\n";
  std::cout << "bugs to be planted:\n";
  for (const Plant& each : plants()) std::cout << "  " << each.name << ": " << each.what << "\n";
}

void tell_failure(const Campaign& campaign, const Request& request) {
  const std::string planted = request.plant.empty() ? "" : " --plant " + request.plant;
  std::cout << "FAILED: " << campaign.failure() << "\n"
            << to_string(campaign.failed()) << "\n"
            << "repeat: sim " << to_arguments(campaign.failed()) << planted << std::endl;
  if (!request.minimise) return;
  const Plan small = minimise(campaign.failed(), kMinimiseFor);
  std::cout << "smaller: sim " << to_arguments(small) << planted << "\n" << to_lines(small);
}

int finish(const Campaign& campaign, bool passed, const Request& request) {
  if (!passed) tell_failure(campaign, request);
  std::cout << campaign.report();
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

// The same for drawn runs: every planned fault must have done harm at times, and, in many runs of
// all kinds, every mark must have been passed.
int finish_drawn(const Campaign& campaign, bool passed, const Request& request) {
  if (finish(campaign, passed, request) != EXIT_SUCCESS) return EXIT_FAILURE;
  const std::vector<std::string> silent = campaign.never_fired();
  for (const std::string& name : silent) std::cout << "FAILED: " << name << " never fired\n";
  std::vector<std::string> never;
  if (request.wishes.ordinary()) never = campaign.never_passed();
  for (const std::string& each : never) std::cout << "FAILED: never passed: " << each << "\n";
  return silent.empty() && never.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// The runs whose arguments a file lists; nullopt if it cannot be read.
std::optional<std::vector<Plan>> read_plans(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << path << " cannot be read\n";
    return std::nullopt;
  }
  std::vector<Plan> plans;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
    const auto known = read(arguments);
    if (!known || !known->seed) {
      std::cerr << "not the arguments of a run: " << line << "\n";
      return std::nullopt;
    }
    plans.push_back(draw_plan(*known->seed, known->wishes));
  }
  return plans;
}

int run_file(const Request& request) {
  auto plans = read_plans(request.file);
  if (!plans) return EXIT_FAILURE;
  if (!long_run() && request.bounds.runs > 0 && request.bounds.runs < plans->size()) {
    std::ranges::shuffle(*plans, std::mt19937_64(request.seed.value_or(seed())));
    plans->resize(request.bounds.runs);
  }
  Campaign campaign;
  const bool passed = std::ranges::all_of(*plans, [&](const Plan& plan) {
    return campaign.run(plan);  // A failure prints how it is repeated.
  });
  return finish(campaign, passed, request);
}

// The runs in which a planted bug is looked for: like all others, or with the faults that show it.
Wishes hunted_in(const Plant& plant, Wishes wishes) {
  if (!plant.fault.empty()) (void)read_names(std::string(plant.fault), wishes.only.emplace());
  if (plant.of_followers) wishes.followers = 2;
  if (plant.of_followers) wishes.promote = plant.of_promotion;
  if (plant.of_engine) wishes.engine = true;
  return wishes;
}

// Looks for each of some planted bugs.
int hunt(const Request& request, std::uint64_t seed) {
  std::vector<Plant> prey = plants();
  std::erase_if(prey, [](const Plant& each) { return each.in_parts; });
  std::mt19937_64 random(seed);
  std::ranges::shuffle(prey, random);
  if (*request.hunt > 0 && *request.hunt < prey.size()) prey.resize(*request.hunt);
  bool all = true;
  for (const Plant& each : prey) {
    plant(each.name);
    const auto begin = std::chrono::steady_clock::now();
    Campaign campaign;
    const bool found =
        !campaign.run(seed, hunted_in(each, request.wishes), {.operations = kHuntOperations});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const std::string how = campaign.failure().substr(0, campaign.failure().find('\n'));
    std::cout << (found ? "found   " : "MISSED  ") << each.name << " in " << campaign.operations()
              << " ops, " << took.count() << " s" << (found ? ": " + how : "") << std::endl;
    all = all && found;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_here(const Request& request, std::uint64_t first) {
  const Outcome outcome = simulate(draw_plan(first, request.wishes));
  std::cout << (outcome.failure.empty() ? "all is well" : outcome.failure) << "\n";
  return outcome.failure.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace anabranch::test

int main(int argc, char** argv) {
  using namespace anabranch::test;
  anabranch::set_log_level(anabranch::LogLevel::kError);  // Of changes of roles there are many.
  auto request = read({argv + 1, argv + argc});
  if (!request) {
    std::cerr << "usage: sim [--seed N] [--runs N] [--operations N] [--seconds N] [--ops N]\n"
                 "           [--regions N]\n"
                 "           [--followers N] [--promote | --no-promote] [--engine] [--plain]\n"
                 "           [--signed | --unsigned]\n"
                 "           [--only FAULT,..] [--without FAULT,..] [--steps N-M,..] [--minimise]\n"
                 "           [--file FILE] [--plant BUG] [--hunt N] [--list] [--here]\n";
    return EXIT_FAILURE;
  }
  if (request->list) {
    list();
    return EXIT_SUCCESS;
  }
  if (!request->file.empty()) return run_file(*request);
  const std::uint64_t first = request->seed.value_or(seed());
  if (request->here) return run_here(*request, first);
  if (request->hunt) return hunt(*request, first);
  Bounds& bounds = request->bounds;
  const bool bounded = bounds.runs > 0 || bounds.operations > 0 || bounds.seconds.count() > 0;
  if (!bounded) bounds.runs = request->seed ? 1 : kRuns;
  std::cout << "simulating from seed " << first << std::endl;
  if (bounds.runs == 1) std::cout << to_string(draw_plan(first, request->wishes)) << std::endl;
  Campaign campaign;
  const bool passed = campaign.run(first, request->wishes, bounds);
  return finish_drawn(campaign, passed, *request);
}
