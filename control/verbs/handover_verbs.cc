#include "control/verbs/handover_verbs.h"

#include <nlohmann/json.hpp>

#include "leader/members/handover_status.h"

namespace anabranch::control {
namespace {

using State = leader::HandoverStatus::State;

const char* word_of(State state) {
  switch (state) {
    case State::kNone:
      return "none";
    case State::kListens:
      return "listens";
    case State::kLeaves:
      return "leaves";
    case State::kNames:
      return "names";
    case State::kDone:
      return "done";
    case State::kFailed:
      return "failed";
  }
  return "none";
}

void begin_handover(Call& call) {
  if (call.size() > 4) throw Error(ErrorCode::kInvalid, "syntax error");
  call.leader.begin_handover(call.size() == 4 ? call[3] : std::string_view()).value_or_raise();
  call.reply().ok();
}

void tell_handover(Call& call) {
  const leader::HandoverStatus& status = call.leader.handover();
  const nlohmann::ordered_json json = {
      {"state", word_of(status.state)}, {"member", status.member}, {"why", status.why}};
  call.reply().bulk(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

constexpr Verb kHandoverVerbs[] = {
    {.name = "start",
     .arity = -3,
     .access = Access::kBetween,
     .acts = true,
     .run = begin_handover,
     .usage = "[member]",
     .help =
         "Begins to hand the lead over to a member, or the first that can take it. Writes wait."},
    {.name = "result",
     .arity = 3,
     .access = Access::kBetween,
     .run = tell_handover,
     .help = "The newest handover since the start as JSON: none, leaves, names, done or failed."},
};

}  // namespace

std::span<const Verb> handover_verbs() { return kHandoverVerbs; }

}  // namespace anabranch::control
