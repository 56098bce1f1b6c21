#include "tests/sim/campaign.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "tests/sim/child.h"
#include "tests/sim/faults.h"
#include "tests/sim/instruments.h"

namespace anabranch::test {

namespace {

using Clock = std::chrono::steady_clock;

// So many runs with a fault that strikes in one of ten: once in 40 000 campaigns, none has it.
constexpr std::size_t kOftenEnough = 100;

std::string line(const char* format, auto... values) {
  char text[200];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// Of all processes that were simulated in.
double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

unsigned long long number(std::uint64_t value) { return value; }

void add_all(std::vector<std::uint64_t>& sums, const std::vector<std::uint64_t>& values) {
  sums.resize(std::max(sums.size(), values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

}  // namespace

bool Campaign::run(std::uint64_t first_seed, const Wishes& wishes, const Bounds& bounds) {
  const Clock::time_point end = Clock::now() + bounds.seconds;
  for (std::uint64_t seed = first_seed;; ++seed) {
    if (!run(draw_plan(seed, wishes))) return false;
    if (bounds.runs > 0 && runs_ >= bounds.runs) return true;
    if (bounds.operations > 0 && sum_.ops >= bounds.operations) return true;
    if (bounds.seconds.count() > 0 && Clock::now() >= end) return true;
  }
}

bool Campaign::run(const Plan& plan) {
  const Clock::time_point begin = Clock::now();
  const Outcome outcome = simulate_in_child(plan, false);
  took_ += Clock::now() - begin;
  add(outcome);
  if (outcome.failure.empty()) return true;
  failed_ = plan;
  failure_ = outcome.failure;
  return false;
}

void Campaign::add(const Outcome& outcome) {
  ++runs_;
  sum_.ops += outcome.ops;
  sum_.writes += outcome.writes;
  sum_.refused += outcome.refused;
  sum_.visits += outcome.visits;
  sum_.refusals += outcome.refusals;
  sum_.events += outcome.events;
  sum_.virtual_ms += outcome.virtual_ms;
  sum_.carried.messages += outcome.carried.messages;
  sum_.carried.lost += outcome.carried.lost;
  sum_.carried.repeated += outcome.carried.repeated;
  sum_.carried.overtaken += outcome.carried.overtaken;
  sum_.carried.silenced += outcome.carried.silenced;
  sum_.carried.clogged += outcome.carried.clogged;
  sum_.carried.slowed += outcome.carried.slowed;
  sum_.carried.strayed += outcome.carried.strayed;
  sum_.carried.together += outcome.carried.together;
  sum_.carried.anew += outcome.carried.anew;
  sum_.carried.promoted += outcome.carried.promoted;
  sum_.carried.promoted_blind += outcome.carried.promoted_blind;
  sum_.carried.stepped_down += outcome.carried.stepped_down;
  sum_.carried.by_hand += outcome.carried.by_hand;
  add_all(sum_.planned, outcome.planned);
  add_all(sum_.fired, outcome.fired);
  runs_with_.resize(outcome.planned.size());
  for (std::size_t i = 0; i < runs_with_.size(); ++i) runs_with_[i] += outcome.planned[i] > 0;
}

std::string Campaign::report() const {
  std::string text = line("%zu runs, %llu ops in %llu writes (%llu refused)\n", runs_,
                          number(sum_.ops), number(sum_.writes), number(sum_.refused));
  text += line("%llu visits of clients, %llu turned away\n", number(sum_.visits),
               number(sum_.refusals));
  const double cpu = std::max(cpu_seconds(), 1e-3);
  text += line("%.1f s, %.1f of them on a core: %.0f ops/s per core\n", took_.count(), cpu,
               static_cast<double>(sum_.ops) / cpu);
  text += line("%.1f h of virtual time, %llu messages and ticks\n",
               static_cast<double>(sum_.virtual_ms) / 3.6e6, number(sum_.events));
  const Carried& carried = sum_.carried;
  text += line("messages: %llu sent, %llu lost, %llu repeated, %llu overtaken, ",
               number(carried.messages), number(carried.lost), number(carried.repeated),
               number(carried.overtaken));
  text += line("%llu silenced, %llu clogged, %llu slowed\n", number(carried.silenced),
               number(carried.clogged), number(carried.slowed));
  text += line("strays: %llu, %llu of them beside others; %llu regions begun anew\n",
               number(carried.strayed), number(carried.together), number(carried.anew));
  text +=
      line("members: %llu came to lead, %llu of them blind, %llu ceased to, ",
           number(carried.promoted), number(carried.promoted_blind), number(carried.stepped_down));
  text += line("%llu regions helped by hand\n", number(carried.by_hand));
  for (std::size_t i = 0; i < sum_.fired.size(); ++i) {
    text += line("  fault %-14s fired %6llu of %6llu\n", std::string(faults()[i].name).c_str(),
                 number(sum_.fired[i]), number(sum_.planned[i]));
  }
  for (const Passed& mark : marks()) {
    text += line("  mark  %-60s %s%llu\n", std::string(mark.mark).c_str(),
                 mark.times == 0 ? "NEVER " : "", number(mark.times));
  }
  return text;
}

std::vector<std::string> Campaign::never_fired() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sum_.fired.size(); ++i) {
    if (runs_with_[i] >= kOftenEnough && sum_.fired[i] == 0) {
      names.emplace_back(faults()[i].name);
    }
  }
  return names;
}

std::vector<std::string> Campaign::never_passed() const {
  std::vector<std::string> sentences;
  if (sum_.ops < kLongOperations) return sentences;
  for (const Passed& mark : marks()) {
    if (mark.times == 0) sentences.emplace_back(mark.mark);
  }
  return sentences;
}

}  // namespace anabranch::test
