#include "tests/regions/delivery/signed_world.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "tests/write.h"

namespace anabranch::test {

using regions::Message;

namespace {

core::Path row_of(const std::string& key) { return {"\1", key, "s"}; }

}  // namespace

SignedWorld::SignedWorld(const std::vector<std::string>& names, Listed listed,
                         const regions::ReplicaLimits& limits)
    : listed_(listed), limits_(limits) {
  transport::Keys all;
  for (const std::string& name : names) {
    Region& region = regions_.emplace_back();
    region.name = name;
    region.keys = transport::make_keys(name);
    region.storage = std::make_unique<storage::MemoryStorage>();
    region.clock = std::make_unique<core::ManualClock>(1000);
    all.known.push_back(
        {.region = name, .curve = region.keys.curve_public, .signing = region.keys.signing_public});
  }
  for (Index i = 0; i < regions_.size(); ++i) {
    transport::Keys keys = all;
    keys.own = regions_[i].keys;
    regions_[i].signatures = std::make_unique<regions::KeySignatures>(
        std::make_shared<const transport::Keys>(std::move(keys)));
    open(i);
  }
}

void SignedWorld::open(Index at) {
  Region& region = regions_[at];
  auto opened = regions::Replica::open(*region.storage, *region.clock,
                                       {.mesh = {1, 1},
                                        .region = region.name,
                                        .fresh_origin = at + 1,
                                        .nonce = ++openings_,
                                        .signatures = region.signatures.get(),
                                        .announce = listed_ == Listed::kYes,
                                        .limits = limits_});
  ANABRANCH_ASSERT(opened.ok());
  region.replica = std::move(opened).value();
}

std::string SignedWorld::get(Index at, const std::string& key) {
  const auto siblings = replica(at).reader()->row(row_of(key)).cell.siblings;
  return siblings.empty() ? "" : siblings.back().value;
}

void SignedWorld::connect(Index one, Index other) {
  for (const auto& [from, to] : {std::pair(one, other), std::pair(other, one)}) {
    regions_[from].neighbours.push_back(to);
    replica(from).link_up(link(to), {}, now_, regions_[to].name);
  }
  run();
}

void SignedWorld::cut(Index one, Index other) {
  for (const auto& [from, to] : {std::pair(one, other), std::pair(other, one)}) {
    std::erase(regions_[from].neighbours, to);
    replica(from).link_down(link(to));
  }
  run();
}

void SignedWorld::restart(Index at) { restart(at, regions_[at].storage->clone()); }

void SignedWorld::restart(Index at, std::unique_ptr<storage::MemoryStorage> storage) {
  for (const Index other : std::vector<Index>(regions_[at].neighbours)) cut(at, other);
  regions_[at].replica.reset();
  regions_[at].storage = std::move(storage);
  open(at);
}

void SignedWorld::put(Index at, const std::string& key, const std::string& value) {
  test::write(replica(at), [&](regions::Group& group) { group.put(row_of(key), value); });
  ANABRANCH_ASSERT(replica(at).commit().ok());
  turn(at);
}

void SignedWorld::turn(Index at) {
  regions::Replica& one = replica(at);
  for (;;) {
    const auto more = one.apply(now_);
    ANABRANCH_ASSERT(more.ok());
    if (!more.value()) break;
  }
  one.durable(regions_[at].storage->durable_position(), now_);
  one.tick(now_);
}

bool SignedWorld::carry(Index at) {
  bool carried = false;
  for (regions::Effect& effect : std::exchange(replica(at).effects(), {})) {
    if (const auto* alarm = std::get_if<regions::Alarm>(&effect)) alarms.push_back(alarm->text);
    auto* const send = std::get_if<regions::Send>(&effect);
    if (send == nullptr) continue;
    const Index to = send->link - 100;
    if (std::ranges::find(regions_[at].neighbours, to) == regions_[at].neighbours.end()) continue;
    if (filter && !filter(at, to, send->message)) continue;
    auto arrived = regions::decode_message(regions::kind_of(send->message),
                                           regions::encode_message(send->message));
    ANABRANCH_ASSERT(arrived.ok());
    replica(to).step(link(at), std::move(arrived).value(), now_);
    carried = true;
  }
  return carried;
}

void SignedWorld::run(int seconds) {
  for (int second = 0; second <= seconds; ++second) {
    for (bool busy = true; busy;) {
      busy = false;
      for (Index i = 0; i < regions_.size(); ++i) {
        turn(i);
        busy = carry(i) || busy;
      }
    }
    if (second == seconds) break;
    now_ += 1000;
    for (const Region& region : regions_) region.clock->set(now_);  // As the steady one does.
  }
}

void SignedWorld::inject(Index from, Index to, Message message) {
  replica(to).step(link(from), std::move(message), now_);
  turn(to);
}

}  // namespace anabranch::test
