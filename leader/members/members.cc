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

MemberCard first_card(const Members::Opening& opening, const std::string& endpoint) {
  MemberCard card =
      fixed_card(opening.options, opening.replica.identity(), opening.nonce, endpoint);
  show(card, opening.replica, false, steady_ms());
  return card;
}

}  // namespace

Members::Members(const Opening& opening, transport::Transport& transport)
    : mesh_(opening.replica.identity().mesh),
      vectors_(opening.replica.names().vectors()),
      region_(opening.options.region),
      transport_(transport),
      roster_(first_card(opening, transport.endpoint()), boot_ms(),
              opening.options.promote_after_ms) {
  if (opening.keys) {
    signatures_.emplace(opening.keys);
    own_key_ = opening.keys->own.signing_public;
  }
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

void Members::look(regions::Replica& replica, const regions::Health& health, Millis steady_now) {
  const Millis now = boot_ms();
  life_.beat();
  const std::lock_guard lock(mutex_);
  const bool has_news = roster_.look(replica, health, now, steady_now);
  const Millis beat = roster_.is_urgent(now) ? kUrgentRestMs : cards().beat_ms();
  rest_ms_ = beat;
  next_look_ms_ = steady_now + beat / 2;
  if (has_news || cards().next_ms() <= now) wake_.signal();
}

Millis Members::promote_after_ms() const {
  const std::lock_guard lock(mutex_);
  return roster_.promote_after_ms();
}

regions::Situation Members::situation(const regions::Replica& replica,
                                      const regions::Health& health, Millis steady_now) {
  const std::lock_guard lock(mutex_);
  return roster_.situation(replica, health, boot_ms(), steady_now);
}

std::optional<Choice::Sent> Members::last_sent() const {
  const std::lock_guard lock(mutex_);
  return roster_.last_sent();
}

std::string Members::name_of(const core::Hash128& node) const {
  const std::lock_guard lock(mutex_);
  return roster_.name_of(node);
}

core::Result<Heir> Members::choose_heir(const regions::Peers& peers,
                                        std::string_view called) const {
  const std::lock_guard lock(mutex_);
  return leader::choose_heir(cards().table(), roster_.own(), peers, called, boot_ms());
}

void Members::leave(bool leaves) {
  const std::lock_guard lock(mutex_);
  roster_.leave(leaves);
  look_soon();
}

void Members::name_heir(const core::Hash128& node, std::uint64_t reign) {
  const std::lock_guard lock(mutex_);
  roster_.name_heir(node, reign);
  look_soon();
}

std::optional<MemberCard> Members::leader() const {
  const std::lock_guard lock(mutex_);
  return roster_.leader(boot_ms());
}

Millis Members::life_ms() const {
  constexpr Millis kUsual = 3000;
  const Millis after = roster_.promote_after_ms();
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
  Millis next = cards().next_ms();
  if (!cards().table().rows().empty()) next = std::min(next, next_forget_ms_);
  if (cards().sends()) next = std::min(next, roster_.next_own_ms());
  return std::clamp<Millis>(next - now, 0, kRestMax);
}

void Members::take(const Event& event, Millis now) {
  const std::lock_guard lock(mutex_);
  // Of another mesh or protocol, or not greeted yet: its message need not mean anything.
  if (!cards().hears(event.link)) return;
  const auto message = regions::decode_message(event.message_kind, event.body);
  const auto* const said =
      message.ok() ? std::get_if<regions::MemberCards>(&message.value()) : nullptr;
  const auto prove_it = [this](const MemberCard& card, const CardOnWay& way) {
    return prove(card, way);
  };
  if (said == nullptr || !cards().take(event.link, *said, prove_it, now)) {
    transport_.reject(event.link, std::string(regions::kUnreadable));
  }
  if (roster_.is_urgent(now)) {
    look_soon();
    urgent_ = true;
    transport_.wake();
  }
  if (cards().copy() && !std::exchange(told_copy_, true)) {
    core::log_error(region_, copy_note(*cards().copy()));
  }
}

std::vector<Cards::Sent> Members::due(Millis now) {
  const std::lock_guard lock(mutex_);
  if (now >= next_forget_ms_) {
    cards().forget_old(now);
    next_forget_ms_ = now + kForgetMs;
  }
  const std::optional<CardOnWay> own = next_own(now);
  return cards().due(own ? &*own : nullptr, now);
}

std::optional<CardOnWay> Members::next_own(Millis now) {
  if (!roster_.takes_beat(now) || !life_.any(life_ms(), now)) return std::nullopt;
  CardOnWay card{.content = roster_.next_own(*vectors_.announced(), now), .signature = {}};
  if (signatures_)
    card.signature = signatures_->sign(regions::signed_card_bytes(mesh_, card.content));
  return card;
}

Cards::Proof Members::prove(const MemberCard& card, const CardOnWay& way) const {
  if (!roster_.believes_reigns(card)) return {.holds = false};
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
    const auto found = lost_member(cards().table(), roster_.own(), replica.members().list(), region,
                                   part, boot_ms());
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

std::vector<KnownMember> Members::known() const {
  const std::lock_guard lock(mutex_);
  return known_members(cards().table(), roster_.own(), boot_ms());
}

void Members::tell(StoreStatus& status) const {
  const Millis now = boot_ms();
  const std::lock_guard lock(mutex_);
  KnownCard self{
      .card = roster_.own(), .content = {}, .signature = {}, .key = own_key_, .made_ms = now};
  const bool leads =
      self.card.role == MemberCard::Role::kLeads || self.card.role == MemberCard::Role::kLeaves;
  if (!leads) self.card.lag_ms = roster_.lag_ms(now);
  status.cards = cards().counts();
  status.cards.unread = transport_.counters().apart_dropped;
  tell_members(status, self, cards(), now);
}

}  // namespace anabranch::leader
