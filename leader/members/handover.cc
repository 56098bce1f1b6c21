#include "leader/members/handover.h"

#include <optional>
#include <utility>

#include "core/log.h"

namespace anabranch::leader {

using core::Millis;

core::Result<void> Handover::begin(std::string_view called, Millis now) {
  if (replica_.broken()) return *replica_.broken();
  if (status_.under_way()) {
    return core::invalid("the lead is being handed over to " + status_.member + " already");
  }
  if (replica_.exchange().follows()) {
    return core::invalid("this member follows: hand over at the leader of its region");
  }
  if (const auto other = members_.leader()) {
    return core::invalid("member " + other->name + " leads this region, too: stop one of the two");
  }
  auto heir = members_.choose_heir(replica_.exchange().peers(), called);
  if (!heir.ok()) return heir.failure();
  const auto listed = replica_.list_member(heir.value().node, heir.value().origin);
  if (!listed.ok()) {
    core::Failure why = listed.failure();
    why.message = "member " + heir.value().name + ": " + why.message;
    return why;
  }
  heir_ = std::move(heir).value();
  status_ = {.state = State::kLeaves, .member = heir_.name};
  reign_ = replica_.members().known_reign();
  until_ms_ = now + kLeaveMs;
  members_.leave(true);
  core::log_info(replica_.identity().region,
                 "hands the lead of its region over to " + heir_.name + ": writes wait");
  return {};
}

bool Handover::look(Millis now) {
  switch (status_.state) {
    case State::kLeaves:
      return look_at_heir(now);
    case State::kNames:
      look_for_leader(now);
      return false;
    default:
      return replica_.exchange().follows() && members_.is_named() && take_over(now);
  }
}

// Members show nothing of settled origins, as all have these.
core::VersionVector Handover::to_have() const {
  return replica_.members().settled().without(replica_.applied().vector());
}

bool Handover::look_at_heir(Millis now) {
  const regions::Peer* const peer = peer_of(heir_, replica_.exchange().peers());
  if (replica_.broken()) {
    end(State::kFailed, "this leader is closed for writes");
  } else if (peer == nullptr) {
    end(State::kFailed, "the link to it is gone, so this member leads on");
  } else if (peer->durable.includes(to_have())) {
    return step_down(now);
  } else if (now >= until_ms_) {
    end(State::kFailed, "it did not get all writes onto its disk within " +
                            std::to_string(kLeaveMs / 1000) + " s, so this member leads on");
  }
  return false;
}

bool Handover::step_down(Millis now) {
  const auto done = replica_.step_down(now);
  if (!replica_.exchange().follows()) {
    end(State::kFailed, done.ok() ? std::string() : done.failure().message);
    return false;
  }
  members_.leave(false);
  members_.name_heir(heir_.node, reign_);
  status_.state = State::kNames;
  until_ms_ = now + kTakeMs;
  return true;
}

void Handover::look_for_leader(Millis now) {
  if (!replica_.exchange().follows()) return end(State::kFailed, "this member was promoted again");
  const auto leader = members_.leader();
  if (leader && leader->reign >= reign_) return end(State::kDone, {});
  if (now < until_ms_) return;
  end(State::kFailed,
      "this member has stepped down, and nobody has shown for " + std::to_string(kTakeMs / 1000) +
          " s that it leads. If `anabranch status` shows no leader of the region, `anabranch "
          "promote` there makes one");
}

// It is asked again in the next turn.
bool Handover::take_over(Millis now) {
  const auto taken = replica_.take_over(now);
  const bool leads = !replica_.exchange().follows();
  if (taken.ok()) {
    core::log_info(replica_.identity().region,
                   "leads its region from now on: the lead was handed over to it");
  } else if (!std::exchange(told_, true)) {
    core::log_warning(replica_.identity().region,
                      "The lead that was handed over is not taken: " + taken.failure().message);
  }
  if (leads) told_ = false;
  return leads;
}

void Handover::end(State state, std::string why) {
  if (leaves()) members_.leave(false);
  status_.state = state;
  status_.why = std::move(why);
  const std::string& region = replica_.identity().region;
  if (state == State::kDone) {
    core::log_info(region, "has handed the lead of its region over to " + heir_.name);
  } else {
    core::log_warning(region, "The lead was not handed over to " + heir_.name + ": " + status_.why);
  }
}

}  // namespace anabranch::leader
