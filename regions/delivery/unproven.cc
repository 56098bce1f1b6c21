#include "regions/delivery/unproven.h"

#include <utility>

namespace anabranch::regions {

std::string Unproven::sentence(core::Origin origin, const Wait& wait) {
  const std::string region = wait.region.empty() ? "a region" : "region " + wait.region;
  return "writes of " + region + ", from " + std::to_string(wait.first) + " of origin " +
         core::to_string(origin) + " on, received from " + wait.sent_by +
         ", have been waiting for a signature of it for over " + std::to_string(kTimeoutMs / 1000) +
         " s; nothing that it wrote later is seen here";
}

std::vector<std::string> Unproven::look(const Provenance& provenance, core::Millis now,
                                        const NameOf& name_of) {
  std::vector<std::string> news;
  std::map<core::Origin, Wait> before = std::exchange(waits_, {});
  provenance.for_each_unproven(
      [&](core::Origin origin, std::string_view region, core::Seq first, core::Origin peer) {
        Wait& wait = waits_[origin] = {std::string(region), first, name_of(peer), now, false};
        const auto known = before.find(origin);
        if (known == before.end() || known->second.first != first) return;
        wait.since_ms = known->second.since_ms;
        wait.late = now - wait.since_ms >= kTimeoutMs;
        if (wait.late && !known->second.late) news.push_back(sentence(origin, wait));
      });
  return news;
}

std::vector<std::string> Unproven::late() const {
  std::vector<std::string> sentences;
  for (const auto& [origin, wait] : waits_) {
    if (wait.late) sentences.push_back(sentence(origin, wait));
  }
  return sentences;
}

}  // namespace anabranch::regions
