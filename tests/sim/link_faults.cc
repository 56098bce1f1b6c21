#include "tests/sim/link_faults.h"

#include <cstddef>
#include <string>
#include <vector>

namespace anabranch::test {

using core::Millis;
using Index = Network::Index;

// ---- The weather, for a while.

namespace {

// Changes the weather, and changes it back.
template <typename Change>
bool weather(Scene& scene, const Change& change) {
  Network& network = scene.network();
  Weather weather = network.weather();
  change(weather);
  network.set_weather(weather);
  scene.later(scene.duration(), [&network] { network.set_weather({}); });
  return true;
}

}  // namespace

bool lose(Scene& scene) {
  const double rate = scene.random().unit() / 2;
  return weather(scene, [&](Weather& weather) { weather.loss = rate; });
}
bool repeat(Scene& scene) {
  const double rate = scene.random().unit() / 2;
  return weather(scene, [&](Weather& weather) { weather.repeat = rate; });
}
bool reorder(Scene& scene) {
  const Millis delay = scene.random().between(5, 300);
  return weather(scene, [&](Weather& weather) {
    weather.reorder = true;
    weather.delay_ms_max = delay;
  });
}
bool delay(Scene& scene) {
  const Millis delay = scene.duration() / 10;
  return weather(scene, [&](Weather& weather) {
    weather.delay_ms_min = delay / 2;
    weather.delay_ms_max = delay + 1;
  });
}
bool slow(Scene& scene) {
  const std::size_t bytes = 1 + scene.random().below(50);
  return weather(scene, [&](Weather& weather) { weather.bytes_per_ms = bytes; });
}

// Every link clogs, one after the other, and they are freed in another order.
bool swizzle(Scene& scene) {
  Network& network = scene.network();
  const Millis most = scene.duration();
  for (Index one = 0; one < network.size(); ++one) {
    for (Index other = 0; other < network.size(); ++other) {
      if (!network.connected(one, other) || scene.random().chance(0.4)) continue;
      const Millis begins = scene.random().between(0, most / 2);
      const Millis ends = network.now() + begins + scene.random().between(1, most);
      scene.later(begins, [&network, one, other, ends] { network.clog(one, other, ends); });
    }
  }
  return true;
}

// ---- Links.

void cut_for(Scene& scene, Index one, Index other, Millis duration) {
  Network& network = scene.network();
  network.cut(one, other);
  scene.later(duration, [&network, one, other] { network.heal(one, other); });
}

void cut_off(Scene& scene, Index whom, std::optional<Index> but, Millis duration) {
  Network& network = scene.network();
  for (Index other = 0; other < network.size(); ++other) {
    const bool link = network.connected(whom, other) && !network.is_cut(whom, other);
    if (link && other != but) cut_for(scene, whom, other, duration);
  }
}

bool cut(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair || scene.network().is_cut(pair->first, pair->second)) return false;
  cut_for(scene, pair->first, pair->second, scene.duration());
  return true;
}

namespace {

// Cuts all links between regions for which `apart` differs.
bool cut_apart(Scene& scene, const std::vector<bool>& apart) {
  Network& network = scene.network();
  const Millis duration = scene.duration();
  bool any = false;
  for (Index one = 0; one < network.size(); ++one) {
    for (Index other = 0; other < one; ++other) {
      const bool link = network.connected(one, other) && !network.is_cut(one, other);
      if (!link || apart[one] == apart[other]) continue;
      cut_for(scene, one, other, duration);
      any = true;
    }
  }
  return any;
}

}  // namespace

bool isolate(Scene& scene) {
  std::vector<bool> apart(scene.network().size(), false);
  apart[scene.any_region()] = true;
  return cut_apart(scene, apart);
}

bool split(Scene& scene) {
  std::vector<bool> apart(scene.network().size());
  for (Index at = 0; at < apart.size(); ++at) apart[at] = scene.random().chance(0.5);
  return cut_apart(scene, apart);
}

bool flap(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair || scene.network().is_cut(pair->first, pair->second)) return false;
  for (int times = 0; times < 3; ++times) {
    scene.network().cut(pair->first, pair->second);
    scene.network().run(scene.random().between(0, 3));
    scene.network().heal(pair->first, pair->second);
  }
  return true;
}

bool mute(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair) return false;
  Network& network = scene.network();
  network.mute(pair->first, pair->second);
  scene.later(scene.duration(), [&network, pair] { network.unmute(pair->first, pair->second); });
  return true;
}

bool deafen(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair) return false;
  Network& network = scene.network();
  network.mute(pair->first, pair->second);
  network.mute(pair->second, pair->first);
  scene.later(scene.duration(), [&network, pair] {
    network.unmute(pair->first, pair->second);
    network.unmute(pair->second, pair->first);
  });
  return true;
}

bool replay(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair) return false;
  return scene.network().replay(pair->first, pair->second, 1 + scene.random().below(20)) > 0;
}

bool pause(Scene& scene) {
  const auto pair = scene.connected_pair();
  if (!pair) return false;
  Network& network = scene.network();
  const std::string name = network.node(pair->second).replica().identity().region;
  if (!network.node(pair->first).replica().pause(name)) return false;
  scene.later(scene.duration(),
              [&network, pair, name] { network.node(pair->first).replica().resume(name); });
  return true;
}

}  // namespace anabranch::test
