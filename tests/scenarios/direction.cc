#include "tests/scenarios/direction.h"

#include <algorithm>
#include <array>

#include "core/token.h"
#include "leader/session_wait.h"
#include "tests/scenarios/duration.h"

namespace anabranch::test {
namespace {

using regions::Replica;

// The outcome of an operator's order.
Lines obeyed(const core::Result<void>& done) {
  if (done.ok()) return {};
  return {"refused: " + done.failure().message};
}

void add_leaders(World& world, const Words& words, bool all) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const World::Names before = world.names();
    world.add_leader(words[i]);
    if (all) {
      for (const std::string& other : before) world.link(words[i], other);
    } else if (i > 1) {
      world.link(words[i - 1], words[i]);
    }
  }
}

// The digests of all that run; those of equal ones together.
Lines digests(World& world, Tokens& /*tokens*/, const Words& /*words*/) {
  std::map<std::string, std::string> regions;
  for (const std::string& name : world.names()) {
    if (!world.runs(name)) continue;
    std::string& same = regions[core::to_string(world.replica(name).state().digests().total())];
    same += (same.empty() ? "" : " ") + name;
  }
  if (regions.size() == 1) return {"equal"};
  Lines lines;
  for (const auto& [digest, names] : regions) lines.push_back("differ: " + names);
  std::ranges::sort(lines);
  return lines;
}

Lines token(World& world, Tokens& tokens, const Words& words) {
  const Replica& replica = world.replica(words[3]);
  tokens[words[1]] = core::encode_token(replica.identity().mesh, replica.applied().vector());
  return {};
}

Lines enter(World& world, Tokens& tokens, const Words& words) {
  const Replica& replica = world.replica(words[3]);
  const auto seen = core::decode_token(replica.identity().mesh, tokens[words[1]]);
  if (!seen.ok()) return {"refused: " + seen.failure().message};
  const auto lacks = leader::missing_writes(seen.value(), replica.applied(),
                                            replica.members().list(), replica.members().settled());
  return {lacks.empty() ? "let in" : "waits for " + leader::to_string(lacks)};
}

Lines promote(World& world, Tokens& /*tokens*/, const Words& words) {
  return obeyed(world.replica(words[1]).promote(world.now()));
}

// An operator at one region says that another one is gone for good.
Lines retire(World& world, Tokens& /*tokens*/, const Words& words) {
  return obeyed(world.retire(words[1], words[3]));
}

// Gives way to the first fork that is listed.
Lines give_way(World& world, Tokens& /*tokens*/, const Words& words) {
  Replica& replica = world.replica(words[1]);
  const auto& forks = replica.exchange().forks().all();
  if (forks.empty()) throw ScenarioError(words[1] + " knows of no fork");
  return obeyed(replica.background().resolve_fork(forks.begin()->first, false, world.now()));
}

// "max", "native:merged", "lww+base"; "nothing" for the kind that removes.
rows::Policy policy_of(const std::string& word) {
  using rows::PolicyKind;
  constexpr std::string_view kNative = "native:";
  constexpr std::string_view kBase = "+base";
  if (word.ends_with(kBase)) {
    rows::Policy policy = policy_of(word.substr(0, word.size() - kBase.size()));
    policy.keep_base = true;
    return policy;
  }
  if (word == "nothing") return {};
  if (word.starts_with(kNative)) {
    return {.kind = PolicyKind::kNative, .name = word.substr(kNative.size())};
  }
  for (const PolicyKind kind :
       {PolicyKind::kLww, PolicyKind::kSiblings, PolicyKind::kMax, PolicyKind::kMin}) {
    if (rows::word_of(kind) == word) return {.kind = kind};
  }
  throw ScenarioError("there is no kind of policy " + word);
}

Lines set_policy(World& world, Tokens& /*tokens*/, const Words& words) {
  return obeyed(world.set_policy(words[4], words[2], policy_of(words[1])));
}

using In = World&;
using Ts = Tokens&;
using W = const Words&;

constexpr auto kDirections = std::to_array<Direction>({
    {"regions NAME ...", [](In w, W words) { add_leaders(w, words, true); }},
    {"line NAME ...", [](In w, W words) { add_leaders(w, words, false); }},
    {"follower NAME of LEADER", [](In w, W words) { w.add_follower(words[1], words[3]); }},
    {"link ONE OTHER", [](In w, W words) { w.link(words[1], words[2]); }},
    {"cut ONE OTHER", [](In w, W words) { w.cut(words[1], words[2]); }},
    {"heal ...", [](In w, W words) { words.size() == 3 ? w.heal(words[1], words[2]) : w.heal(); }},
    {"settle", [](In w, W) { w.settle(); }},
    {"wait TIME", [](In w, W words) { w.wait(duration(words[1])); }},
    {"clock NAME TIME", [](In w, W words) { w.move_clock(words[1], duration(words[2])); }},
    {"crash NAME", [](In w, W words) { w.crash(words[1]); }},
    {"start NAME", [](In w, W words) { w.start(words[1]); }},
    {"save NAME", [](In w, W words) { w.save(words[1]); }},
    {"restore NAME", [](In w, W words) { w.restore(words[1], true); }},
    {"put-back NAME", [](In w, W words) { w.restore(words[1], false); }},
    {"trim NAME", [](In w, W words) { w.trim(words[1]); }},
    {"promote NAME", nullptr, promote},
    {"retire REGION at NAME", nullptr, retire},
    {"give-way NAME", nullptr, give_way},
    {"policy KIND PREFIX at NAME", nullptr, set_policy},
    {"propose KIND PREFIX at NAME",
     [](In w, W words) { w.propose(words[4], words[2], policy_of(words[1])); }},
    {"newer-policy PREFIX at NAME", [](In w, W words) { w.set_newer_policy(words[3], words[1]); }},
    {"losers NAME", nullptr, [](In w, Ts, W words) { return w.losers(words[1]); }},
    {"put-loser ID at NAME", nullptr,
     [](In w, Ts, W words) { return obeyed(w.put_back(words[3], words[1])); }},
    {"policies NAME", nullptr, [](In w, Ts, W words) { return w.policies(words[1]); }},
    {"alarms NAME", nullptr, [](In w, Ts, W words) { return w.take_alarms(words[1]); }},
    {"snapshots NAME", nullptr, [](In w, Ts, W words) { return w.snapshots(words[1]); }},
    {"digests", nullptr, digests},
    {"token NAME at REGION", nullptr, token},
    {"enter NAME at REGION", nullptr, enter},
});

}  // namespace

const Direction& direction_of(const Words& words) {
  const auto* const found = std::ranges::find(kDirections, words.front(), &Direction::name);
  if (found == kDirections.end()) throw ScenarioError("there is no direction " + words.front());
  check_usage(words, found->usage);
  return *found;
}

}  // namespace anabranch::test
