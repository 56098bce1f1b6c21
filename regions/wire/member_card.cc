#include "regions/wire/member_card.h"

#include <algorithm>

#include "core/wire.h"
#include "regions/wire/reign.h"
#include "regions/wire/signatures.h"
#include "transport/keys.h"

namespace anabranch::regions {

namespace {

using core::Reader;
using core::Writer;

constexpr std::string_view kDomain = "anabranch card 1";

bool is_time(core::Millis time) { return time >= 0 && time <= MemberCard::kTimeMax; }

// Whether a text may stand in a line for people.
bool is_line(std::string_view text, std::size_t most) {
  constexpr char kDelete = 0x7F;
  return text.size() <= most &&
         std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == kDelete; });
}

void write_end(Writer& out, const MemberCard::End& end) {
  out.array(4).uint64(end.reign).uint64(end.origin).uint64(end.applied).uint64(end.durable);
}

MemberCard::End read_end(Reader& in) {
  MemberCard::End end;
  const std::size_t newer = in.array_of(4);
  end.reign = in.uint64();
  end.origin = in.uint64();
  end.applied = in.uint64();
  end.durable = in.uint64();
  in.skip(newer);
  return end;
}

std::vector<core::Origin> read_formers(Reader& in) {
  std::vector<core::Origin> formers;
  const std::size_t size = in.array();
  if (size > MemberCard::kFormersMax) in.fail("a card has too many former origins");
  for (std::size_t i = 0; i < size && in.ok(); ++i) formers.push_back(in.uint64());
  return formers;
}

void read_addresses(Reader& in, MemberCard& card) {
  const std::size_t newer = in.array_of(4);
  card.announce_redis = in.text();
  card.announce_redis_tls = in.text();
  card.announce_sentinel = in.text();
  card.announce_peer = in.text();
  in.skip(newer);
}

// Says why no member makes such a card; null if one may.
const char* fault_of(const MemberCard& card) {
  const auto is_address = [](std::string_view text) {
    return is_line(text, MemberCard::kAddressBytesMax);
  };
  if (card.node == core::Hash128{} || card.number == 0) return "a card is nobody's";
  if (!transport::is_region_name(card.region) || card.name.empty() ||
      !is_line(card.name, MemberCard::kNameBytesMax)) {
    return "a card has no name, or one that is none";
  }
  if (!is_line(card.zone, MemberCard::kNameBytesMax) ||
      !is_line(card.why, MemberCard::kWhyBytesMax)) {
    return "a card has a text that is too long, or no line";
  }
  if (!is_address(card.announce_redis) || !is_address(card.announce_redis_tls) ||
      !is_address(card.announce_sentinel) || !is_address(card.announce_peer)) {
    return "a card has an address that is too long, or no line";
  }
  if (card.shards == 0 || card.shard >= card.shards || card.rank > MemberCard::kRankMax) {
    return "a card has no such shard, or rank";
  }
  if (std::max({card.reign, card.known, card.end.reign}) > kReignMax) {
    return "a card has no such reign";
  }
  if (!is_time(card.promote_after_ms) || !is_time(card.lag_ms.value_or(0))) {
    return "a card has no such time";
  }
  return nullptr;
}

}  // namespace

std::string encode_card(const MemberCard& card) {
  constexpr std::size_t kUsual = 320;
  std::string bytes;
  bytes.reserve(kUsual);
  Writer out(bytes);
  out.array(24);
  write_hash(out, card.node);
  out.uint64(card.opening).uint64(card.nonce).uint64(card.number);
  out.text(card.region).text(card.name).text(card.zone);
  out.uint64(card.shard).uint64(card.shards).uint64(card.origin).uint64(card.previous);
  out.array(card.formers.size());
  for (const core::Origin each : card.formers) out.uint64(each);
  out.uint64(static_cast<std::uint64_t>(card.role)).uint64(card.reign).uint64(card.known);
  out.uint64(card.flags).uint64(card.rank);
  write_end(out, card.end);
  card.lag_ms ? out.int64(*card.lag_ms) : out.nil();
  write_hash_or_nil(out, card.heir);
  out.int64(card.promote_after_ms).uint64(card.policies).text(card.why);
  out.array(4).text(card.announce_redis).text(card.announce_redis_tls);
  out.text(card.announce_sentinel).text(card.announce_peer);
  return bytes;
}

core::Result<MemberCard> decode_card(std::string_view content) {
  constexpr std::size_t kTokensMax = 1000;
  Reader in(content, kTokensMax);
  MemberCard card;
  const std::size_t newer = in.array_of(24);
  card.node = core::read_hash(in);
  card.opening = in.uint64();
  card.nonce = in.uint64();
  card.number = in.uint64();
  card.region = in.text();
  card.name = in.text();
  card.zone = in.text();
  card.shard = in.uint64();
  card.shards = in.uint64();
  card.origin = in.uint64();
  card.previous = in.uint64();
  card.formers = read_formers(in);
  const std::uint64_t role = in.uint64();
  card.reign = in.uint64();
  card.known = in.uint64();
  card.flags = in.uint64();
  card.rank = in.uint64();
  card.end = read_end(in);
  if (!in.take_nil()) card.lag_ms = in.int64();
  card.heir = core::read_hash_or_nil(in);
  card.promote_after_ms = in.int64();
  card.policies = in.uint64();
  card.why = in.text();
  read_addresses(in, card);
  in.skip(newer);
  if (role == 0 || role > UINT8_MAX) in.fail("a card has no role");
  card.role = static_cast<MemberCard::Role>(role);
  if (!in.done()) return in.failure();
  const char* const fault = fault_of(card);
  return fault == nullptr ? core::Result<MemberCard>(std::move(card)) : core::corrupt(fault);
}

std::string signed_card_bytes(const core::Hash128& mesh, std::string_view content) {
  std::string bytes;
  Writer out(bytes);
  out.array(3).text(kDomain);
  core::write_hash(out, mesh);
  out.bin(content);
  return bytes;
}

void write_cards(Writer& out, const MemberCards& message) {
  out.array(2).int64(message.sent_ms).array(message.cards.size());
  for (const CardOnWay& card : message.cards) {
    out.array(4).bin(card.content).bin(card.signature).int64(card.age_ms).uint64(card.hops);
  }
}

MemberCards read_cards(Reader& in) {
  MemberCards message;
  const std::size_t newer = in.array_of(2);
  message.sent_ms = in.int64();
  const std::size_t cards = in.array();
  if (cards > MemberCards::kCardsMax) in.fail("there are too many cards");
  if (!is_time(message.sent_ms)) in.fail("cards were sent at no such time");
  for (std::size_t i = 0; i < cards && in.ok(); ++i) {
    CardOnWay& card = message.cards.emplace_back();
    const std::size_t more = in.array_of(4);
    card.content = in.bin();
    card.signature = in.bin();
    card.age_ms = in.int64();
    card.hops = in.uint64();
    in.skip(more);
    const std::size_t size = card.signature.size();
    if (card.content.size() > CardOnWay::kContentBytesMax) in.fail("a card is too long");
    if (size != 0 && size != SignedPosition::kSignatureSize)
      in.fail("a card has no such signature");
    if (card.hops == 0 || card.hops > CardOnWay::kHopsMax) in.fail("a card has gone too far");
    if (!is_time(card.age_ms)) in.fail("a card has no such age");
  }
  in.skip(newer);
  return message;
}

}  // namespace anabranch::regions
