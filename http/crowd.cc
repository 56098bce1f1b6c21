#include "http/crowd.h"

namespace anabranch::http {

bool Crowd::has_room() {
  const std::size_t open = visits_.size() - giving_way_;
  if (open < max_ - max_ / kSpareShare) return true;
  const Clock::time_point now = Clock::now();
  auto first = visits_.end();
  State first_state = State::kStays;
  for (auto at = visits_.begin(); at != visits_.end(); ++at) {
    if (at->second.gives_way) continue;
    const State state = state_of(at->second, now);
    if (state > first_state || state == State::kStays) continue;
    const bool later = first != visits_.end() && first->second.asked <= at->second.asked;
    if (state == first_state && later) continue;
    first = at;
    first_state = state;
  }
  if (first == visits_.end()) return open < max_;
  end(first->first, first->second);
  return true;
}

void Crowd::gone(lws* connection) {
  const auto found = visits_.find(connection);
  if (found == visits_.end()) return;
  if (found->second.gives_way) --giving_way_;
  visits_.erase(found);
}

void Crowd::end_late() {
  const Clock::time_point now = Clock::now();
  for (auto& [connection, visit] : visits_) {
    if (visit.gives_way || now - visit.asked <= kRequestTime) continue;
    if (state_of(visit, now) == State::kNoRequest) end(connection, visit);
  }
}

void Crowd::end(lws* connection, Visit& visit) {
  visit.gives_way = true;
  ++giving_way_;
  ++ended_;
  end_(connection);
}

}  // namespace anabranch::http
