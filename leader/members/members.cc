#include "leader/members/members.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "leader/members/lost_member.h"
#include "leader/members/member_status.h"
#include "leader/members/own_card.h"
#include "leader/pace/machine.h"
#include "leader/threads/begin_thread.h"
#include "regions/wire/reign.h"
#include "transport/log_peer.h"

namespace anabranch::leader {

using core::Millis;
using regions::CardOnWay;
using regions::MemberCard;
using transport::Event;

namespace {

constexpr Millis kForgetMs = 5000;
constexpr Millis kRestMax = 60'000;
// So many messages are read before the due ones are sent.
constexpr std::size_t kMessagesInTurn = 64;
// While a lead is handed over.
constexpr Millis kUrgentRestMs = 20;

bool leads(const MemberCard& card) {
  return card.role == MemberCard::Role::kLeads || card.role == MemberCard::Role::kLeaves;
}

}  // namespace

Members::Members(const Opening& opening, transport::Transport& transport)
    : mesh_(opening.replica.identity().mesh),
      vectors_(opening.replica.names().vectors()),
      region_(opening.options.region),
      opened_ms_(boot_ms()),
      transport_(transport),
      own_(fixed_card(opening.options, opening.replica.identity(), opening.nonce,
                      transport.endpoint())),
      cards_({.node = own_.node,
              .nonce = own_.nonce,
              .region = region_,
              .opened_ms = opened_ms_,
              .promote_after_ms = opening.options.promote_after_ms}) {
  if (opening.keys) {
    signatures_.emplace(opening.keys);
    own_key_ = opening.keys->own.signing_public;
  }
  leader::show(own_, opening.replica, false, steady_ms());
  const bool has_links = !opening.options.listen.empty() || !opening.options.peers.empty();
  if (has_links) thread_ = begin_thread([this] { run(); });
}

Members::~Members() {
  stops_ = true;
  wake_.signal();
  if (thread_.joinable()) thread_.join();
}

void Members::use(transport::SharedKeys keys) {
  const std::lock_guard lock(mutex_);
  if (signatures_) signatures_->use(std::move(keys));
}

void Members::show_state(const regions::Replica& replica, Millis now) {
  const KnownCard* const leader = cards_.table().leader(region_, now);
  own_.end = end_of(replica, leader == nullptr ? nullptr : &leader->card);
  if (leads(own_)) {
    own_.lag_ms = 0;
  } else if (leader != nullptr) {
    lag_.hear(leader->card, leader->made_ms);
    lag_.look(replica.applied().vector());
    own_.lag_ms = lag_.lag_ms(now);
  }
  if (fitness_.fit() && own_.has(MemberCard::kFit)) {
    own_.flags |= promotable(replica, own_.lag_ms);
  }
}

void Members::show_candidate(const regions::Candidacy::Shown& shown) {
  static_assert(static_cast<int>(MemberCard::Role::kSpare) ==
                static_cast<int>(regions::MemberRole::kSpare));
  own_.role = static_cast<MemberCard::Role>(shown.role);
  own_.reign = shown.reign;
  own_.known = shown.known;
  const std::uint64_t decided = MemberCard::kFit | MemberCard::kAble | MemberCard::kRipe |
                                MemberCard::kReach | MemberCard::kBlind;
  own_.flags &= ~decided;
  own_.flags |= (fitness_.fit() ? MemberCard::kFit : 0) | (shown.able ? MemberCard::kAble : 0) |
                (shown.ripe ? MemberCard::kRipe : 0) | (shown.reach ? MemberCard::kReach : 0) |
                (shown.blind ? MemberCard::kBlind : 0);
  own_.why = fitness_.fit() ? std::string() : std::string(fitness_.why());
  own_.end = {.reign = shown.end.reign,
              .origin = shown.end.origin,
              .applied = shown.end.applied,
              .durable = shown.end.durable};
  own_.lag_ms = shown.lag_ms;
  own_.heir = shown.heir;
}

std::vector<regions::ShownMember> Members::shown_members(Millis now) const {
  std::vector<regions::ShownMember> members;
  for (const auto& [node, known] : cards_.table().rows()) {
    const MemberCard& card = known.card;
    if (card.region != region_) continue;
    const bool follows = card.role == MemberCard::Role::kFollows;
    members.push_back(
        {.node = node,
         .made_ms = known.made_ms,
         .ripe = follows && card.has(MemberCard::kRipe) && cards_.table().is_fresh(known, now),
         .origin = card.origin,
         .previous = card.previous,
         .formers = card.formers});
  }
  return members;
}

std::uint64_t Members::known_reign() const {
  std::uint64_t known = 0;
  for (const auto& [node, each] : cards_.table().rows()) {
    if (each.card.region == region_) known = std::max({known, each.card.known, each.card.reign});
  }
  return known;
}

void Members::look(regions::Replica& replica, const regions::Health& health, Millis steady_now) {
  const Millis now = boot_ms();
  life_.beat();
  const std::vector<CardLink> links = card_links(replica.exchange());
  const std::lock_guard lock(mutex_);
  const MemberCard before = own_;
  leader::show(own_, replica, health.drained, steady_now);
  fitness_.look(health, now);
  if (shown_) {
    show_candidate(*shown_);
    named_ = false;
  } else {
    show_state(replica, now);
    show_handover(replica, now);
    named_ = names_me(replica, now);
  }
  covered_ms_ = own_.lag_ms ? std::optional(now - *own_.lag_ms) : std::nullopt;
  replica.see_members(shown_members(now), known_reign(), now);
  cards_.see(links, now);
  const bool has_changed = own_.role != before.role || own_.flags != before.flags ||
                           own_.heir != before.heir || own_.reign != before.reign;
  if (has_changed) next_own_ms_ = now;
  const Millis beat = is_urgent(now) ? kUrgentRestMs : cards_.beat_ms();
  rest_ms_ = beat;
  next_look_ms_ = steady_now + beat / 2;
  if (has_changed || cards_.next_ms() <= now) wake_.signal();
}

void Members::show_handover(const regions::Replica& replica, Millis now) {
  const KnownCard* const other = cards_.table().leader(region_, now);
  const bool follows = replica.exchange().follows();
  const bool is_led = other != nullptr && other->card.reign >= left_reign_;
  // The heir may have led, and left, between two looks.
  const bool is_taken = is_led || known_reign() > left_reign_;
  if (heir_ && (!follows || is_taken)) heir_.reset();
  own_.heir = heir_;
  if (heir_) own_.reign = left_reign_;
  if (leaves_ && !follows) own_.role = MemberCard::Role::kLeaves;
}

bool Members::names_me(const regions::Replica& replica, Millis now) const {
  const std::uint64_t known = std::max(known_reign(), replica.members().known_reign());
  const KnownCard* const other = cards_.table().leader(region_, now);
  const bool is_led = other != nullptr && other->card.reign >= known;
  if (!replica.exchange().follows() || !own_.has(MemberCard::kFit) || heir_ || is_led) return false;
  return std::ranges::any_of(cards_.table().rows(), [&](const auto& row) {
    const MemberCard& card = row.second.card;
    return card.region == region_ && card.heir == own_.node && card.reign == known &&
           card.role == MemberCard::Role::kFollows && cards_.table().is_fresh(row.second, now);
  });
}

bool Members::is_urgent(Millis now) const {
  return std::ranges::any_of(cards_.table().rows(), [&](const auto& row) {
    const MemberCard& card = row.second.card;
    // A former leader names its heir for as long as it follows: who leads has heard it.
    const bool names_me = card.heir == own_.node && !leads(own_);
    const bool is_over = card.role == MemberCard::Role::kLeaves || names_me;
    return card.region == region_ && is_over && cards_.table().is_fresh(row.second, now);
  });
}

Millis Members::promote_after_ms() const {
  const std::lock_guard lock(mutex_);
  return cards_.table().promote_after_ms(region_);
}

regions::Situation Members::situation(const regions::Replica& replica,
                                      const regions::Health& health, Millis steady_now) {
  const std::lock_guard lock(mutex_);
  const Millis now = boot_ms();
  fitness_.look(health, now);
  const std::size_t members = cards_.table().count(region_) + 1;
  auto times = regions::CandidacyTimes::of(cards_.table().promote_after_ms(region_), members);
  times.beat_ms = cards_.beat_ms();
  times.between_ms = 2 * times.beat_ms;
  const Sightings::Own own{.fit = fitness_.fit(), .drained = health.drained, .rank = own_.rank};
  return sightings_.look(replica, cards_.table(), own, times, now, steady_now);
}

std::optional<Members::Sent> Members::last_sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

std::string Members::name_of(const core::Hash128& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = cards_.table().rows().find(node);
  return found == cards_.table().rows().end() ? core::to_string(node) : found->second.card.name;
}

core::Result<Heir> Members::choose_heir(const regions::Peers& peers,
                                        std::string_view called) const {
  const std::lock_guard lock(mutex_);
  return leader::choose_heir(cards_.table(), own_, peers, called, boot_ms());
}

void Members::leave(bool leaves) {
  const std::lock_guard lock(mutex_);
  leaves_ = leaves;
  look_soon();
}

void Members::name_heir(const core::Hash128& node, std::uint64_t reign) {
  const std::lock_guard lock(mutex_);
  heir_ = node;
  left_reign_ = reign;
  look_soon();
}

std::optional<MemberCard> Members::leader() const {
  const std::lock_guard lock(mutex_);
  const KnownCard* const known = cards_.table().leader(region_, boot_ms());
  return known == nullptr ? std::nullopt : std::optional(known->card);
}

std::optional<Millis> Members::lag_ms(Millis now) const {
  return covered_ms_ ? std::optional(std::max<Millis>(now - *covered_ms_, 0)) : std::nullopt;
}

Millis Members::life_ms() const {
  constexpr Millis kUsual = 3000;
  const Millis after = cards_.table().promote_after_ms(region_);
  return after > 0 ? after / 2 : kUsual;
}

void Members::run() {
  Millis rest = 0;
  while (!stops_) {
    std::array<pollfd, 2> fds = {pollfd{wake_.fd(), POLLIN, 0},
                                 pollfd{transport_.apart_fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), static_cast<int>(rest));
    wake_.reset();
    if (!stops_) rest = work();
  }
}

Millis Members::work() {
  const std::vector<Event> events = transport_.receive_apart(kMessagesInTurn);
  for (const Event& event : events) take(event, boot_ms());
  const Millis now = boot_ms();
  for (Cards::Sent& sent : due(now)) {
    transport_.send(sent.link, regions::MemberCards::kKind,
                    regions::encode_message(std::move(sent.message)),
                    {.lane = transport::Lane::kNote});
  }
  const std::lock_guard lock(mutex_);
  Millis next = cards_.next_ms();
  if (!cards_.table().rows().empty()) next = std::min(next, next_forget_ms_);
  if (cards_.sends()) next = std::min(next, next_own_ms_);
  return std::clamp<Millis>(next - now, 0, kRestMax);
}

void Members::take(const Event& event, Millis now) {
  const std::lock_guard lock(mutex_);
  // Of another mesh or protocol, or not greeted yet: its message need not mean anything.
  if (!cards_.hears(event.link)) return;
  const auto message = regions::decode_message(event.message_kind, event.body);
  const auto* const cards =
      message.ok() ? std::get_if<regions::MemberCards>(&message.value()) : nullptr;
  const auto prove_it = [this](const MemberCard& card, const CardOnWay& way) {
    return prove(card, way);
  };
  if (cards == nullptr || !cards_.take(event.link, *cards, prove_it, now)) {
    transport_.reject(event.link);
  }
  if (is_urgent(now)) {
    look_soon();
    urgent_ = true;
    transport_.wake();
  }
  if (cards_.copy() && !std::exchange(told_copy_, true)) {
    core::log_error(region_, copy_note(*cards_.copy()));
  }
}

std::vector<Cards::Sent> Members::due(Millis now) {
  const std::lock_guard lock(mutex_);
  if (now >= next_forget_ms_) {
    cards_.forget_old(now);
    next_forget_ms_ = now + kForgetMs;
  }
  const std::optional<CardOnWay> own = next_own(now);
  return cards_.due(own ? &*own : nullptr, now);
}

std::optional<CardOnWay> Members::next_own(Millis now) {
  if (now < next_own_ms_ || !cards_.sends()) return std::nullopt;
  next_own_ms_ = now + cards_.beat_ms();
  if (!life_.any(life_ms(), now)) return std::nullopt;
  ++own_.number;
  if (leads(own_)) {
    // All that anybody has read by now, whenever the owner has looked last.
    own_.end.applied = vectors_.announced()->at(own_.end.origin);
  } else {
    own_.lag_ms = lag_ms(now);
  }
  sent_ = {.reach = own_.has(MemberCard::kReach),
           .end = {own_.end.reign, own_.end.origin, own_.end.applied, own_.end.durable}};
  CardOnWay card{.content = regions::encode_card(own_), .signature = {}};
  if (signatures_)
    card.signature = signatures_->sign(regions::signed_card_bytes(mesh_, card.content));
  return card;
}

Cards::Proof Members::prove(const MemberCard& card, const CardOnWay& way) const {
  const std::uint64_t known = std::max(known_reign(), own_.known);
  const bool counts_so_far = std::max(card.reign, card.known) <= known + regions::kReignStepMax;
  if (card.region == region_ && !counts_so_far) return {.holds = false};
  if (!signatures_) return {};
  const auto key = signatures_->signer(card.region, regions::signed_card_bytes(mesh_, way.content),
                                       way.signature);
  return {.holds = key.has_value(), .key = key};
}

core::Result<void> Members::lose(regions::Replica& replica, std::string_view region,
                                 std::string_view part) const {
  const auto origin = core::parse_number<core::Origin, 16>(part).value_or(0);
  const bool is_origin = origin != 0 && core::to_string(origin) == part;
  core::Hash128 node;
  if (!is_origin) {
    const std::lock_guard lock(mutex_);
    const auto found =
        lost_member(cards_.table(), own_, replica.members().list(), region, part, boot_ms());
    if (!found.ok()) return found.failure();
    node = found.value();
  }
  auto staged =
      is_origin ? replica.declare_lost(region, origin) : replica.declare_lost(region, node);
  if (staged.ok()) {
    const transport::LogPeer about(region);
    core::log_info(region_, "of region " + std::string(region) + " " + std::string(part) +
                                " is declared lost here");
  }
  return staged;
}

void Members::tell(StoreStatus& status) const {
  const Millis now = boot_ms();
  const std::lock_guard lock(mutex_);
  KnownCard self{.card = own_, .content = {}, .signature = {}, .key = own_key_, .made_ms = now};
  if (!leads(self.card)) self.card.lag_ms = lag_ms(now);
  status.cards = cards_.counts();
  status.cards.unread = transport_.counters().apart_dropped;
  tell_members(status, self, cards_, now);
}

}  // namespace anabranch::leader
