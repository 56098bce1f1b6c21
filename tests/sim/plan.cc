#include "tests/sim/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "tests/sim/faults.h"

namespace anabranch::test {

namespace {

constexpr std::size_t kOpsPerRound = 4;  // About.
constexpr std::size_t kRegionsMax = 5;

// A step of splitmix64: well mixed bits from any two numbers.
std::uint64_t mix(std::uint64_t one, std::uint64_t other) {
  std::uint64_t bits = one + other * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U;
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}

std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0;
  for (const char c : name) number = mix(number, static_cast<unsigned char>(c));
  return number;
}

double unit_of(std::uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1p-53; }

// A number from `low` to `high`, each magnitude as likely as the next.
double magnitude(Random& random, double low, double high) {
  return low * std::pow(high / low, random.unit());
}

void draw_limits(Plan& plan, Random& random) {
  if (random.chance(0.5)) {
    plan.limits.window_bytes = static_cast<std::uint64_t>(magnitude(random, 100, 100'000));
  }
  if (random.chance(0.5)) {
    plan.limits.hold_bytes_max = static_cast<std::size_t>(magnitude(random, 100, 100'000));
  }
  if (random.chance(0.4)) {  // So little log that snapshots are needed.
    plan.limits.log.bytes_min = static_cast<std::uint64_t>(magnitude(random, 100, 50'000));
    plan.limits.log.bytes_max = 2 * plan.limits.log.bytes_min;
    if (random.chance(0.5)) plan.limits.log.bytes_max *= 20;
  }
  plan.limits.snapshots.log_bytes_max = 2 * plan.limits.log.bytes_max;
  if (random.chance(0.5)) plan.limits.slice_ops_max = 1 + random.below(30);
  if (random.chance(0.5)) {
    plan.limits.own_clear_rows_direct = random.below(4);
    plan.limits.foreign_clear_rows_direct = random.below(4);
    plan.limits.clear_rows_counted_at_once = random.below(8);
    plan.limits.sweep.changes = 1 + random.below(5);
    plan.limits.sweep.looks = 1 + random.below(20);
  }
}

// Drawn apart, so that all other draws stay the same.
void draw_rejoin(Plan& plan) {
  Random random(mix(plan.seed, number_of("rejoin")));
  if (random.chance(0.3)) return;
  plan.limits.rejoin = {.records_max = 1 + random.below(20),
                        .ops_max = 1 + random.below(50),
                        .bytes_max = 1 + random.below(5'000)};
}

// Drawn apart, too: the log is looked at in many slices, some of a record or a search each.
void draw_streams(Plan& plan) {
  Random random(mix(plan.seed, number_of("streams")));
  if (random.chance(0.5)) return;
  plan.limits.stream_slice_bytes = static_cast<std::uint64_t>(magnitude(random, 100, 200'000));
}

// Snapshots in many parts, kept and waited for hardly longer than one takes.
void draw_snapshots(regions::SnapshotLimits& limits, Random& random) {
  if (random.chance(0.4)) return;
  limits.slice_rows_max = 1 + random.below(20);
  limits.slice_bytes_max = static_cast<std::size_t>(magnitude(random, 100, 10'000));
  limits.chunk_bytes = static_cast<std::size_t>(magnitude(random, 50, 5'000));
  limits.window_bytes = static_cast<std::uint64_t>(magnitude(random, 100, 20'000));
  if (random.chance(0.5)) return;
  limits.hold_ms_max = random.between(10'000, 100'000);
  limits.share_ms_max = random.between(0, 10'000);
  limits.timeout_ms = random.between(5'000, 20'000);
}

void draw_promotion(Plan& plan) {
  const bool drawn = plan.followers > 0 && Random(mix(plan.seed, number_of("choice"))).chance(0.5);
  if (!plan.wishes.promote.value_or(drawn)) return;
  Random random(mix(plan.seed, number_of("promotion")));
  plan.listing = true;
  plan.promote_after_ms = core::Millis{1'000} << random.below(3);
  constexpr core::Millis kGapMs = 60;  // Or all would be over before anybody is missed.
  plan.gap_ms_max = std::max(plan.gap_ms_max, kGapMs);
}

void draw_what_came_later(Plan& plan) {
  if (plan.wishes.plain) return;
  Random followers(mix(plan.seed, number_of("followers")));
  if (followers.chance(0.25)) plan.followers = followers.chance(0.3) ? 2 : 1;
  plan.followers = plan.wishes.followers.value_or(plan.followers);
  plan.listing = Random(mix(plan.seed, number_of("listing"))).chance(0.7);
  draw_promotion(plan);
  plan.single_ops = Random(mix(plan.seed, number_of("single ops"))).chance(0.15);
  if (Random(mix(plan.seed, number_of("strays"))).chance(0.4)) plan.strays = 3;
  plan.former = Random(mix(plan.seed, number_of("former"))).chance(0.2);
  plan.more_types = Random(mix(plan.seed, number_of("more types"))).chance(0.6);
  plan.policies = Random(mix(plan.seed, number_of("policies"))).chance(0.5);
  plan.modules = plan.policies && Random(mix(plan.seed, number_of("modules"))).chance(0.5);
  plan.requests = Random(mix(plan.seed, number_of("requests"))).chance(0.5);
  plan.presence = Random(mix(plan.seed, number_of("presence"))).chance(0.3);
}

bool wanted(const Wishes& wishes, const Fault& fault, Company company, double chance) {
  const std::string name(fault.name);
  if (wishes.without.contains(name)) return false;
  if (wishes.only) return wishes.only->contains(name);
  return (fault.company == Company::kAny || fault.company == company) && chance < 0.4;
}

// Each drawn apart, so that most of the earlier draws stay the same.
Company draw_company(std::uint64_t seed) {
  if (Random(mix(seed, number_of("clones"))).chance(0.2)) return Company::kClones;
  Random random(mix(seed, number_of("company")));
  return random.chance(0.5) ? Company::kRetirements : Company::kIntruders;
}

void draw_rates(Plan& plan) {
  const Company company = draw_company(plan.seed);
  for (const Fault& fault : faults()) {
    const std::uint64_t stream = mix(plan.seed, number_of(fault.name));
    const double often = std::exp(3 * unit_of(mix(stream, 2)) - 2);
    const bool planned = wanted(plan.wishes, fault, company, unit_of(mix(stream, 1)));
    const bool later = fault.later && plan.wishes.plain && !plan.wishes.only;
    const bool chooses = plan.promote_after_ms > 0;
    const bool chosen = (fault.of_chance && chooses) || (fault.of_choice && !chooses);
    const bool idle = later || chosen || (fault.of_followers && plan.followers == 0) ||
                      (fault.of_engine && !plan.wishes.engine);
    plan.rates.push_back(planned && !idle ? fault.per_round * often : 0);
  }
}

}  // namespace

Plan draw_plan(std::uint64_t seed, const Wishes& wishes) {
  Random random(mix(seed, 0));
  Plan plan;
  plan.seed = seed;
  plan.wishes = wishes;
  plan.regions = 2 + random.below(kRegionsMax - 1);
  if (wishes.regions > 0) plan.regions = wishes.regions;
  plan.shape = static_cast<Shape>(random.below(kShapes));
  plan.disks = static_cast<Network::Disks>(random.below(3));
  draw_limits(plan, random);
  draw_rejoin(plan);
  draw_streams(plan);
  const auto ops = static_cast<std::size_t>(magnitude(random, 100, 10'000));
  plan.rounds = 1 + (wishes.ops > 0 ? wishes.ops : ops) / kOpsPerRound;
  plan.seasons = 1 + random.below(4);
  plan.gap_ms_max = static_cast<core::Millis>(magnitude(random, 2, 500));
  plan.keys = 1 + random.below(20);
  plan.value_bytes_max = static_cast<std::size_t>(magnitude(random, 4, 2'000));
  Random more(mix(seed, number_of("keys and snapshots")));
  if (more.chance(0.25)) plan.trust = Network::Trust::kSigned;
  if (wishes.trust) plan.trust = *wishes.trust;
  draw_snapshots(plan.limits.snapshots, more);
  plan.clients = Random(mix(seed, number_of("clients"))).below(4);
  draw_what_came_later(plan);
  draw_rates(plan);
  const bool lazy = plan.disks == Network::Disks::kLazy;
  if (wishes.engine && lazy) plan.disks = Network::Disks::kPrompt;  // An engine has no such mode.
  return plan;
}

core::Millis Plan::healed_ms() const {
  constexpr core::Millis kHealedMs = 60'000;  // Above the time that silent peers are avoided.
  // A signature is about as long as the rest of a batch.
  const std::size_t much = trust == Network::Trust::kSigned ? 128'000 : 64'000;
  // Of ended origins a window comes with each sync: of lazy disks, once a second.
  const bool tight = limits.window_bytes < 8'000 || limits.hold_bytes_max < much;
  return tight ? 10 * kHealedMs : kHealedMs;
}

std::vector<Step> Plan::steps() const {
  std::vector<Step> steps;
  std::vector<std::uint64_t> streams;
  for (const Fault& fault : faults()) streams.push_back(mix(seed, number_of(fault.name)));
  const std::uint64_t writes = mix(seed, number_of("write"));
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t fault = 0; fault < streams.size(); ++fault) {
      const std::uint64_t bits = mix(streams[fault], 100 + round);
      if (unit_of(bits) < rates[fault]) steps.push_back({round, fault, mix(bits, 1)});
    }
    steps.push_back({round, Step::kWrite, mix(writes, round)});
  }
  if (!wishes.steps) return steps;
  std::erase_if(steps, [&](const Step& step) {
    return !std::ranges::binary_search(*wishes.steps, step.number());
  });
  return steps;
}

std::string to_string(const Plan& plan) {
  static constexpr std::array kShapeNames{"mesh", "ring", "line", "star", "any"};
  static_assert(kShapeNames.size() == kShapes);
  static constexpr std::array kDiskNames{"prompt", "lazy", "interval"};
  std::ostringstream text;
  text << plan.regions << " regions, shape " << kShapeNames[static_cast<std::size_t>(plan.shape)]
       << ", " << kDiskNames[static_cast<std::size_t>(plan.disks)] << " disks, "
       << (plan.wishes.engine ? "the engine, " : "")
       << (plan.trust == Network::Trust::kSigned ? "signed" : "unsigned") << ", window "
       << plan.limits.window_bytes << " B by " << plan.limits.stream_slice_bytes << " B, hold "
       << plan.limits.hold_bytes_max << " B, slices of " << plan.limits.slice_ops_max
       << " ops, clears above " << plan.limits.own_clear_rows_direct << " and "
       << plan.limits.foreign_clear_rows_direct << " rows masked, " << plan.rounds << " rounds in "
       << plan.seasons << " seasons, gaps up to " << plan.gap_ms_max << " ms, " << plan.keys
       << " keys" << (plan.more_types ? " of all types, " : ", ")
       << (plan.policies ? "with policies, " : "") << (plan.modules ? "with modules, " : "")
       << (plan.requests ? "with requests, " : "") << (plan.presence ? "with presence, " : "")
       << (plan.strays > 1 ? "several strays, " : "") << (plan.single_ops ? "single ops, " : "")
       << (plan.former ? "some without checksums, " : "") << plan.clients << " clients, "
       << plan.followers << (plan.listing ? " listed" : "") << " followers, "
       << (plan.promote_after_ms > 0
               ? "promoted after " + std::to_string(plan.promote_after_ms) + " ms, "
               : "")
       << "values up to " << plan.value_bytes_max << " B";
  return text.str();
}

std::string to_arguments(const Plan& plan) {
  const Wishes& wishes = plan.wishes;
  const auto list = [](const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
    return text.empty() ? "none" : text;
  };
  std::string text = "--seed " + std::to_string(plan.seed);
  if (wishes.ops > 0) text += " --ops " + std::to_string(wishes.ops);
  if (wishes.regions > 0) text += " --regions " + std::to_string(wishes.regions);
  if (wishes.followers) text += " --followers " + std::to_string(*wishes.followers);
  if (wishes.promote) text += *wishes.promote ? " --promote" : " --no-promote";
  if (wishes.engine) text += " --engine";
  if (wishes.plain) text += " --plain";
  if (wishes.trust) text += *wishes.trust == Network::Trust::kSigned ? " --signed" : " --unsigned";
  if (wishes.only) text += " --only " + list(*wishes.only);
  if (!wishes.without.empty()) text += " --without " + list(wishes.without);
  if (wishes.steps) text += " --steps " + to_ranges(*wishes.steps);
  return text;
}

std::string to_ranges(const std::vector<std::size_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1) ++end;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (end > i) text += "-" + std::to_string(numbers[end]);
    i = end + 1;
  }
  return text.empty() ? "none" : text;
}

std::optional<std::vector<std::size_t>> from_ranges(const std::string& text) {
  std::vector<std::size_t> numbers;
  if (text == "none") return numbers;
  std::istringstream in(text);
  for (std::string range; std::getline(in, range, ',');) {
    std::istringstream part(range);
    std::size_t first = 0;
    if (!(part >> first)) return std::nullopt;
    std::size_t last = first;
    if (part.peek() == '-' && !(part.ignore() >> last)) return std::nullopt;
    for (std::size_t number = first; number <= last; ++number) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace anabranch::test
