#include "tests/sim/clock_faults.h"

#include <optional>
#include <vector>

#include "crdt/expiry.h"
#include "tests/sim/link_faults.h"

namespace anabranch::test {

using core::Millis;
using Index = Network::Index;

namespace {

constexpr Millis kSecondMs = 1'000;
constexpr Millis kHourMs = 3'600 * kSecondMs;
constexpr Millis kYearMs = Millis{365} * 24 * kHourMs;

}  // namespace

bool jump_clock(Scene& scene) {
  const Millis by = scene.random().between(kSecondMs, 24 * kHourMs);
  scene.network().jump_clock(scene.any_region(), by);
  return true;
}
bool set_clock_back(Scene& scene) {
  const Millis by = scene.random().between(1, 3 * kHourMs);
  scene.network().jump_clock(scene.any_region(), -by);
  return true;
}
bool stop_clock(Scene& scene) {
  scene.network().set_clock_speed(scene.any_region(), 0);
  return true;
}
bool hurry_clock(Scene& scene) {
  scene.network().set_clock_speed(scene.any_region(), 2);
  return true;
}

namespace {

// By so much, and at times back again.
bool leap(Scene& scene, Millis by) {
  Network& network = scene.network();
  const Index at = scene.any_region();
  network.jump_clock(at, by);
  if (!scene.random().chance(0.5)) return true;
  const Millis after = scene.duration() * 5;
  scene.later(after, [&network, at, by] { network.jump_clock(at, -by); });
  return true;
}

}  // namespace

bool leap_ahead(Scene& scene) { return leap(scene, 10 * kYearMs); }
bool fall_behind(Scene& scene) { return leap(scene, -24 * kHourMs); }

// ---- Deadlines.

namespace {

const core::Path kKey{"\1", "deadline"};

// Sets a deadline for a key that has none, or a later one than all before.
void set_deadline(Scene& scene, Index at, Millis deadline) {
  if (!scene.network().writable(at)) return;
  const crdt::Expiry expiry{.deadline = deadline, .type = Type::kSet};
  scene.network().write(at, [&](regions::Group& group) {
    group.put(kKey.child("e").child("x"), "");
    group.put(kKey.child(crdt::kExpiryTag), crdt::encode_expiry(expiry));
  });
}

// The error of a clock: mostly beyond the allowed drift.
Millis far_off(Random& random) {
  static const std::vector<Millis> kFar{10 * kYearMs, 10 * kYearMs, kHourMs, -24 * kHourMs};
  return random.chance(0.2) ? random.between(5, 55) * kSecondMs : random.pick(kFar);
}

// How a region's clock goes wrong, and when a deadline passes there.
struct WrongTime {
  Millis by_ms = 0;
  bool unnoticed = false;  // It changes while its leader is off.
  Millis until_ms = 0;     // The deadline.
};

WrongTime draw_wrong_time(Random& random) {
  WrongTime time{.by_ms = far_off(random), .unnoticed = random.chance(0.4)};
  // At times so late that the wrong clock is no longer believed.
  const bool late = time.unnoticed && random.chance(0.5);
  time.until_ms = random.between(late ? 62 : 1, late ? 75 : 10) * kSecondMs;
  return time;
}

void change_clock(Scene& scene, Index whom, Millis by, bool unnoticed) {
  scene.network().jump_clock(whom, by);
  if (unnoticed) scene.network().restart(whom, Network::Restart::kClean);
}

// A clock goes wrong, is heard, and written by; then it may be set right, or behind.
void pass_wrong_time(Scene& scene, Index whom, const WrongTime& time) {
  Network& network = scene.network();
  Random& random = scene.random();
  change_clock(scene, whom, time.by_ms, time.unnoticed);
  network.run(random.between(0, 2'000));
  set_deadline(scene, whom, crdt::Expiry::kNever);
  network.run(random.between(1'000, 9'000));
  if (random.chance(0.5)) return;
  const Millis behind = random.chance(0.5) ? random.between(1, 50) * kSecondMs : 0;
  change_clock(scene, whom, -time.by_ms - behind, random.chance(0.4));
}

}  // namespace

bool pass_deadline(Scene& scene) {
  constexpr Millis kAwayMs = 14'000;
  Network& network = scene.network();
  Random& random = scene.random();
  const auto here = scene.writable_region();
  const Index away = scene.any_region();
  if (!here || *here == away || !network.writable(away)) return false;
  const WrongTime time = draw_wrong_time(random);
  const Millis ahead = network.wall(away) - network.now();
  pass_wrong_time(scene, away, time);
  const rows::PublishedExpiry& board = network.node(*here).replica().names().expiries();
  const Millis now = random.chance(0.3) ? board.now_ms() : board.wall_ms();
  set_deadline(scene, random.chance(0.7) ? *here : away, now + time.until_ms);
  network.run(time.until_ms + random.between(-1'000, 700));
  if (random.chance(0.8)) cut_off(scene, away, std::nullopt, kAwayMs);
  set_deadline(scene, away, crdt::Expiry::kNever);
  network.run(random.between(2'000, 16'000));
  const Millis left = network.wall(away) - network.now() - ahead;
  if (random.chance(0.7)) network.jump_clock(away, -left);  // Or no region ever agrees again.
  return true;
}

}  // namespace anabranch::test
