// The cards of members. A member is a data directory in use: of a leader, or of a follower.
// It shows a card several times a second or once in one, and all others pass it on. Cards are
// stored nowhere, and the replica takes no part: its leader reads and sends them (leader/members).
//
// A card is named by its node, and of two cards of a node the greater (opening, number) counts. The
// member encodes its card once, with keys signs it, and others pass on these very bytes: so
// elements that newer versions append travel on, and the signature covers them. Its age is the sum
// of its stays at members and of the delays of links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec.h"
#include "core/dot.h"
#include "core/hash.h"
#include "core/hlc.h"
#include "core/result.h"

namespace anabranch::regions {

struct MemberCard {
  static constexpr std::size_t kNameBytesMax = 64;  // Of region, name and zone each.
  static constexpr std::size_t kWhyBytesMax = 200;
  static constexpr std::size_t kAddressBytesMax = 255;
  static constexpr std::size_t kFormersMax = 16;
  static constexpr std::uint64_t kRankMax = 255;
  static constexpr std::uint64_t kRankUsual = 100;
  // Times beyond are refused, so that sums of times cannot overflow.
  static constexpr core::Millis kTimeMax = core::Millis{1} << 53U;

  // Further ones of newer versions are read and passed on.
  enum class Role : std::uint8_t { kStarts = 1, kFollows, kLeads, kLeaves, kSpare };
  // Bits of `flags`; further ones are kept.
  static constexpr std::uint64_t kFit = 1;    // Takes writes, or could.
  static constexpr std::uint64_t kAble = 2;   // May be promoted: ripe, and its row is applied here.
  static constexpr std::uint64_t kRipe = 4;   // May be promoted but for its row.
  static constexpr std::uint64_t kReach = 8;  // Hears a member of another region directly.
  static constexpr std::uint64_t kDrained = 16;
  static constexpr std::uint64_t kBlind = 32;   // It leads, and had heard nobody.
  static constexpr std::uint64_t kClosed = 64;  // Its storage takes no writes any more.

  // How far it is in one origin: that of the greatest reign whose row it has applied, a leader in
  // its own once the row of its reign is there; where reigns are not counted a leader in its own,
  // a follower in that of the leader that it copies. 0 while it knows none.
  struct End {
    std::uint64_t reign = 0;
    core::Origin origin = 0;
    core::Seq applied = 0;
    core::Seq durable = 0;
    bool operator==(const End&) const = default;
  };

  core::Hash128 node;         // Names the directory; never 0.
  std::uint64_t opening = 0;  // Of the directory.
  std::uint64_t nonce = 0;    // Of the opening, as in greetings: tells copies of a directory apart.
  std::uint64_t number = 0;   // Of the card in its opening, from 1.
  std::string region = {};
  std::string name = {};
  std::string zone = {};      // Empty: none was given.
  std::uint64_t shard = 0;    // Of `shards`.
  std::uint64_t shards = 1;   // Of its region; always 1 yet.
  core::Origin origin = 0;    // Under which it writes, or would.
  core::Origin previous = 0;  // The one before; 0: none.
  // Those before that, the newest first, if the list of regions lacks `previous`: up to one that it
  // has, or 0 behind the first of all.
  std::vector<core::Origin> formers = {};
  Role role = Role::kStarts;
  std::uint64_t reign = 0;  // Its own while it leads; 0: it counts none.
  std::uint64_t known = 0;  // The greatest that it knows.
  std::uint64_t flags = 0;
  std::uint64_t rank = kRankUsual;  // The operator's order among members: the least comes first.
  End end = {};
  // How old the leader's state is that it covers; nullopt while unknown. Of a leader: 0.
  std::optional<core::Millis> lag_ms = {};
  std::optional<core::Hash128> heir = {};
  core::Millis promote_after_ms = 0;
  std::uint64_t policies = 0;  // A hash of the policies that it proposes; 0: none.
  std::string why = {};        // Why it is not fit, for people.
  // Where clients and members reach it, HOST:PORT each; empty: not told.
  std::string announce_redis = {};
  std::string announce_redis_tls = {};
  std::string announce_sentinel = {};
  std::string announce_peer = {};

  [[nodiscard]] bool has(std::uint64_t flag) const { return (flags & flag) != 0; }
  // Whether it counts where `other`, of the same node, does not.
  [[nodiscard]] bool is_newer(const MemberCard& other) const {
    return opening != other.opening ? opening > other.opening : number > other.number;
  }
  bool operator==(const MemberCard&) const = default;
};

// A card on a link.
struct CardOnWay {
  static constexpr std::size_t kContentBytesMax = 2048;
  static constexpr std::uint64_t kHopsMax = 16;

  std::string content;      // encode_card().
  std::string signature;    // Ed25519 of signed_card_bytes(), 64 bytes; empty without keys.
  core::Millis age_ms = 0;  // When it was sent on this link.
  std::uint64_t hops = 1;   // The links of its way, with this one: 1 to kHopsMax.

  // The bytes that count against limits.
  [[nodiscard]] std::size_t bytes() const {
    constexpr std::size_t kFixed = 16;
    return kFixed + content.size() + signature.size();
  }
  bool operator==(const CardOnWay&) const = default;
};

// The message: some cards, sent at once.
struct MemberCards {
  static constexpr std::uint64_t kKind = 17;  // Of its frames.
  static constexpr std::size_t kCardsMax = 64;
  static constexpr std::size_t kBytesMax = std::size_t{12} << 10U;      // Of more cards than one.
  static constexpr std::size_t kBodyBytesMax = std::size_t{16} << 10U;  // Of the whole message.

  core::Millis sent_ms = 0;  // By the clock of the sender on this link, meaningless elsewhere.
  std::vector<CardOnWay> cards = {};
  bool operator==(const MemberCards&) const = default;
};

// Encodes a card. Its texts must keep the bounds above.
[[nodiscard]] std::string encode_card(const MemberCard& card);
// Fails on bytes that are no card: nobody's, out of the bounds, or with a line end in a text.
// Elements that newer versions append are skipped.
[[nodiscard]] core::Result<MemberCard> decode_card(std::string_view content);
// The bytes to be signed. They name the mesh too: a card is valid in one mesh only.
[[nodiscard]] std::string signed_card_bytes(const core::Hash128& mesh, std::string_view content);

void write_cards(core::Writer& out, const MemberCards& message);
// Fails on more cards, longer ones, or from further than a member sends them.
[[nodiscard]] MemberCards read_cards(core::Reader& in);

}  // namespace anabranch::regions
