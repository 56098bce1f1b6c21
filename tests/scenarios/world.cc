#include "tests/scenarios/world.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "core/assert.h"
#include "core/codec.h"
#include "leader/losers.h"
#include "leader/policies.h"
#include "leader/put_back.h"
#include "leader/scopes/group_scope.h"

namespace anabranch::test {

using core::Millis;

namespace {

constexpr Millis kStartMs = Millis{1'600'000'000'000};  // The first time of all wall clocks: 2020.
constexpr Millis kStepMs = 100;
constexpr Millis kSettleMs = 60'000;
constexpr Millis kCalmMs = 3'000;  // For heartbeats to say how all stand.
constexpr Millis kExpiryWaitMs = 600'000;
constexpr Millis kOnceMs = 600'000;
constexpr core::Hash128 kMesh{1, 1};

using WordSet = std::set<std::string>;

WordSet words_of(const std::string& value) {
  WordSet words;
  std::istringstream text(value);
  for (std::string word; text >> word;) words.insert(word);
  return words;
}

std::string joined(const WordSet& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// All words of all concurrent values, each once, in order.
std::optional<std::string> all_words(const Conflict& conflict) {
  WordSet words;
  for (const Sibling& sibling : conflict.siblings) words.merge(words_of(sibling.value));
  return joined(words);
}

// All words of all values, less those of the value before that any of them lacks. Declines where
// the values were not written over one and the same.
std::optional<std::string> three_way(const Conflict& conflict) {
  const std::optional<std::string>& base = conflict.siblings.front().base;
  WordSet words;
  for (const Sibling& sibling : conflict.siblings) {
    if (!base || sibling.base != base) return std::nullopt;
    words.merge(words_of(sibling.value));
  }
  for (const Sibling& sibling : conflict.siblings) {
    const WordSet after = words_of(sibling.value);
    for (const std::string& word : words_of(*base)) {
      if (!after.contains(word)) words.erase(word);
    }
  }
  return joined(words);
}

}  // namespace

World::World()
    : resolvers_({{"max/", Resolver::max()},
                  {"merged/", Resolver("merged", all_words)},
                  {"siblings/", Resolver::siblings()}},
                 {Resolver("merged", all_words), Resolver("three-way", three_way)}) {}

// ---- Regions and links.

void World::add_leader(const std::string& name) { add(name, name, false); }

void World::add_follower(const std::string& name, const std::string& leader) {
  add(name, find(leader).region, true);
  link(name, leader);
}

void World::add(const std::string& name, const std::string& region, bool follows) {
  const auto [added, is_new] = regions_.try_emplace(name);
  if (!is_new) throw ScenarioError("there is a region " + name);
  names_.push_back(name);
  added->second.region = region;
  added->second.follows = follows;
  added->second.index = nodes_.add(open(added->second, nullptr));
  begin(added->second);
}

void World::link(const std::string& one, const std::string& other) {
  (void)find(one);
  (void)find(other);
  links_.insert(std::minmax(one, other));
  connect_all();
}

std::unique_ptr<Node> World::open(const Region& region,
                                  std::unique_ptr<storage::MemoryStorage> disk) {
  const auto next = [this] { return ++last_number_; };
  regions::ReplicaOptions options;
  options.mesh = kMesh;
  options.region = region.region;
  options.fresh_origin = next();
  options.nonce = next();
  options.random_origin = next;
  options.resolvers = &resolvers_;
  options.proposals = region.proposals;
  options.expiry_wait_ms = kExpiryWaitMs;
  options.follows = region.follows;
  options.announce = true;
  return std::make_unique<Node>(std::move(options), std::move(disk),
                                kStartMs + nodes_.now() + region.ahead_ms);
}

void World::begin(Region& region) {
  Node& node = nodes_.at(region.index);
  nodes_.set_clock_ahead(region.index, kStartMs + region.ahead_ms);
  ANABRANCH_ASSERT(node.replica().announce().ok());
  region.expiries = std::make_unique<leader::ExpirySweep>(node.replica(), node.storage(),
                                                          resolvers_, leader::ExpiryLimits{});
  region.requests = std::make_unique<leader::RequestSweep>(
      node.replica(), leader::RequestLimits{.once_ms = kOnceMs});
  region.runs = true;
}

// ---- Faults and time.

void World::cut(const std::string& one, const std::string& other) {
  cuts_.insert(link_of(one, other));
  connect_all();
}

void World::heal(const std::string& one, const std::string& other) {
  cuts_.erase(link_of(one, other));
  connect_all();
}

void World::heal() {
  cuts_.clear();
  connect_all();
}

void World::crash(const std::string& name) {
  Region& region = running(name);
  region.disk = nodes_.at(region.index).storage().crash();
  region.expiries.reset();
  region.requests.reset();
  region.runs = false;
  connect_all();
}

void World::start(const std::string& name) {
  Region& region = find(name);
  if (region.runs) throw ScenarioError(name + " runs");
  nodes_.replace(region.index, open(region, std::move(region.disk)));
  begin(region);
  connect_all();
}

void World::save(const std::string& name) {
  Region& region = running(name);
  region.saved = nodes_.at(region.index).storage().clone();
}

void World::restore(const std::string& name, bool moved) {
  Region& region = find(name);
  if (region.saved == nullptr) throw ScenarioError(name + " was not saved");
  if (region.runs) crash(name);
  region.disk = region.saved->clone();
  if (moved) {
    storage::Place place = region.disk->place();
    ++place.directory;
    region.disk->set_place(std::move(place));
  }
  start(name);
}

void World::trim(const std::string& name) {
  storage::MemoryStorage& disk = nodes_.at(running(name).index).storage();
  ANABRANCH_ASSERT(disk.trim(disk.last_position() + 1).ok());
}

void World::move_clock(const std::string& name, Millis by) {
  Region& region = find(name);
  region.ahead_ms += by;
  nodes_.set_clock_ahead(region.index, kStartMs + region.ahead_ms);
}

void World::wait(Millis time) {
  for (const Millis end = now() + time; now() < end;) step();
}

void World::settle() {
  const Millis end = now() + kSettleMs;
  do {
    if (now() >= end) throw ScenarioError("the regions that are connected are not equal");
    step();
  } while (!equal());
  wait(kCalmMs);
}

void World::step() {
  for (auto& [name, region] : regions_) {
    if (region.expiries) (void)region.expiries->slice(now()).value();
    if (region.requests) region.requests->slice(now()).value_or_raise();
  }
  nodes_.run(kStepMs);
}

bool World::equal() {
  return std::ranges::all_of(links_, [this](const Link& link) {
    return !connected(link) || nodes_.at(find(link.first).index).vector() ==
                                   nodes_.at(find(link.second).index).vector();
  });
}

// ---- A region that runs.

void World::use(const std::string& name, const std::function<void(Scope&)>& function) {
  const Region& region = running(name);
  Node& node = nodes_.at(region.index);
  node.clock().set(kStartMs + region.ahead_ms + now());
  const core::VersionVector before = node.vector();
  leader::GroupScope scope(node.replica(), resolvers_, limits_);
  function(scope);
  ANABRANCH_ASSERT(node.replica().commit().ok());
  if (node.vector() != before) step();
}

regions::Replica& World::replica(const std::string& name) {
  return nodes_.at(running(name).index).replica();
}

World::Names World::take_alarms(const std::string& name) {
  Region& region = find(name);
  const Names& all = nodes_.alarms(region.index);
  const auto from = static_cast<std::ptrdiff_t>(std::exchange(region.alarms_read, all.size()));
  return {all.begin() + from, all.end()};
}

World::Names World::snapshots(const std::string& name) {
  constexpr std::string_view kMerged = "merged ";
  std::set<std::string> merged;
  for (const std::string& notice : nodes_.notices(running(name).index)) {
    if (notice.starts_with(kMerged)) {
      merged.insert(notice.substr(kMerged.size(), notice.find(':') - kMerged.size()));
    }
  }
  return {merged.begin(), merged.end()};
}

core::Result<void> World::retire(const std::string& region, const std::string& at) {
  regions::Replica& replica = nodes_.at(running(at).index).replica();
  auto retired = replica.retire(region, regions::Retirement::kRetired);
  ANABRANCH_ASSERT(replica.commit().ok());
  step();
  return retired;
}

// ---- Policies.

namespace {

rows::PolicyScope scope_of(const std::string& prefix) { return leader::scope_of(0, prefix); }

}  // namespace

core::Result<void> World::set_policy(const std::string& name, const std::string& prefix,
                                     const rows::Policy& policy) {
  const Region& region = running(name);
  Node& node = nodes_.at(region.index);
  node.clock().set(kStartMs + region.ahead_ms + now());
  regions::Replica& replica = node.replica();
  auto done = policy.kind == rows::PolicyKind::kNone
                  ? replica.policies().remove(scope_of(prefix))
                  : replica.policies().set(scope_of(prefix), policy);
  ANABRANCH_ASSERT(replica.commit().ok());
  step();
  return done;
}

void World::propose(const std::string& name, const std::string& prefix,
                    const rows::Policy& policy) {
  regions::Policies::Proposals& proposals = running(name).proposals;
  proposals.erase(scope_of(prefix));
  if (policy.kind != rows::PolicyKind::kNone) proposals.emplace(scope_of(prefix), policy);
  crash(name);
  start(name);
  step();
}

void World::set_newer_policy(const std::string& name, const std::string& prefix) {
  std::string bytes;
  core::Writer(bytes).array(4).text("wasm9").boolean(false).nil().bin("hash");
  nodes_.write(running(name).index, [&](regions::Group& group) {
    group.put(rows::policy_path(scope_of(prefix)), bytes);
  });
  step();
}

World::Names World::losers(const std::string& name) {
  static constexpr std::array kKinds{"met", "replaced", "put back", "hidden", "doomed"};
  Node& node = nodes_.at(running(name).index);
  const auto losers = leader::list_losers(*node.storage().snapshot(), node.names(), {}, SIZE_MAX);
  Names lines;
  for (const Loser& each : losers.value().losers) {
    std::string line = each.id + " " + kKinds.at(static_cast<std::size_t>(each.kind)) + " " +
                       each.key + " " + each.value + " of " + each.region;
    if (each.path.size() > 1) line += " at " + each.path[1];
    if (each.winner) line += ", shown " + *each.winner + " by " + each.policy;
    if (each.was_shown) line += ", was shown";
    lines.push_back(std::move(line));
  }
  return lines;
}

core::Result<void> World::put_back(const std::string& name, const std::string& id) {
  const auto lost = leader::find_loser(*nodes_.at(running(name).index).storage().snapshot(), id);
  if (!lost.ok()) return lost.failure();
  try {
    use(name, [&](Scope& scope) {
      leader::put_back(scope, dynamic_cast<leader::GroupScope&>(scope).writer(), lost.value());
    });
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  return {};
}

World::Names World::policies(const std::string& name) {
  Names lines;
  for (const PolicyAt& each :
       leader::list_policies(*nodes_.at(running(name).index).replica().reader(), resolvers_)) {
    std::string line = "\"" + each.prefix + "\" " + to_string(each.policy);
    if (!each.region.empty()) line += " proposed by " + each.region;
    if (each.in_force) line += ", decides";
    if (!each.note.empty()) line += " (" + each.note + ")";
    lines.push_back(std::move(line));
  }
  return lines;
}

// ---- Inside.

World::Region& World::find(const std::string& name) {
  const auto found = regions_.find(name);
  if (found == regions_.end()) throw ScenarioError("there is no region " + name);
  return found->second;
}

World::Region& World::running(const std::string& name) {
  Region& region = find(name);
  if (!region.runs) throw ScenarioError(name + " does not run");
  return region;
}

World::Link World::link_of(const std::string& one, const std::string& other) const {
  const Link link = std::minmax(one, other);
  if (!links_.contains(link)) throw ScenarioError(one + " and " + other + " are not linked");
  return link;
}

bool World::connected(const Link& link) {
  return !cuts_.contains(link) && find(link.first).runs && find(link.second).runs;
}

void World::connect_all() {
  for (const Link& link : links_) {
    const std::size_t one = find(link.first).index;
    const std::size_t other = find(link.second).index;
    connected(link) ? nodes_.connect(one, other) : nodes_.disconnect(one, other);
  }
}

}  // namespace anabranch::test
