// The members of the mesh as this one knows them, and the thread that reads and sends their cards.
//
// The thread is there since the owner of a leader waits for the disk in a commit, with one client
// for all of its sync: without a thread a slow disk would be silence, and others would take this
// member for dead. The thread never waits for the leader, and knows it as of the last look(), that
// its owner takes. It shows the own card as long as the owner gives signs of life.
//
// Locks: one mutex, held while one message is read or the due ones are made; nothing is called
// under it that waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <anabranch/options.h>
#include <anabranch/status.h>

#include "core/hash.h"
#include "core/mutex.h"
#include "leader/members/cards.h"
#include "leader/members/choice.h"
#include "leader/members/heir.h"
#include "leader/members/holders.h"
#include "leader/members/roster.h"
#include "leader/members/signs_of_life.h"
#include "regions/delivery/key_signatures.h"
#include "regions/members/candidacy.h"
#include "regions/members/fitness.h"
#include "regions/replica.h"
#include "rows/published_vector.h"
#include "transport/transport.h"
#include "transport/wake.h"

namespace anabranch::leader {

// look(), and handing over, are for the owner's thread, all others are thread-safe.
class Members : public Choice {
 public:
  struct Opening {
    const Options& options;
    const regions::Replica& replica;
    std::uint64_t nonce = 0;
    transport::SharedKeys keys;  // Null without keys.
  };

  // Begins the thread, for a leader that has links. The transport must outlive this. Throws
  // Error{kIo} if the system has no thread or descriptor left.
  Members(const Opening& opening, transport::Transport& transport);
  ~Members() override;
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // The owner of the leader goes on.
  void beat() { life_.beat(); }
  // It is inside of the leader from now on, where it may wait for the disk; until leave().
  void enter() { life_.enter(); }
  void leave() { life_.leave(); }
  class Inside {
   public:
    explicit Inside(Members& members) : members_(members) { members_.enter(); }
    ~Inside() { members_.leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Members& members_;
  };

  // Whether look() is due: links may have changed, or some time has gone.
  [[nodiscard]] bool looks(core::Millis steady_now) const { return steady_now >= next_look_ms_; }
  void look_soon() { next_look_ms_ = 0; }
  // Shows the leader as it is, and its links; tells it of the members of its region.
  void look(regions::Replica& replica, const regions::Health& health, core::Millis steady_now);
  // Whether something has come that the owner is to look at now; forgets it. The owner is woken
  // for it, by Transport::wake().
  [[nodiscard]] bool take_urgent() {
    return urgent_.load(std::memory_order_relaxed) && urgent_.exchange(false);
  }
  // How long the owner may rest before it gives a sign of life, or looks again.
  [[nodiscard]] core::Millis rest_ms() const { return rest_ms_; }
  void use(transport::SharedKeys keys);

  // ---- For who decides whether this member leads (promotion.h); for the owner's thread.

  [[nodiscard]] core::Millis promote_after_ms() const override;
  [[nodiscard]] regions::Situation situation(const regions::Replica& replica,
                                             const regions::Health& health,
                                             core::Millis steady_now) override;
  void show(const std::optional<regions::Candidacy::Shown>& shown) override {
    const std::lock_guard lock(mutex_);
    roster_.show(shown);
  }
  [[nodiscard]] std::optional<Sent> last_sent() const override;
  [[nodiscard]] std::string name_of(const core::Hash128& node) const override;

  // ---- Handing over the lead; for the owner's thread. See handover.h.

  [[nodiscard]] core::Result<Heir> choose_heir(const regions::Peers& peers,
                                               std::string_view called) const override;
  // The own card says that it leaves the lead, or no longer.
  void leave(bool leaves);
  // The own card names an heir, under the reign that this member has left, until another is known
  // to lead or this member leads again.
  void name_heir(const core::Hash128& node, std::uint64_t reign);
  // Whether this member, fit, was handed the lead by the last look.
  [[nodiscard]] bool is_named() const {
    const std::lock_guard lock(mutex_);
    return roster_.is_named();
  }
  // Thread-safe.
  [[nodiscard]] std::optional<regions::MemberCard> leader() const override;
  // Stages that a part of a region is lost for good: an origin, by its 16 hexadecimal digits, or a
  // member, by its name or its node. Fails as Replica::declare_lost and lost_member() do.
  core::Result<void> lose(regions::Replica& replica, std::string_view region,
                          std::string_view part) const;
  // Those that have shown cards, this one first. Thread-safe.
  [[nodiscard]] std::vector<KnownMember> known() const;
  // Fills in the members, the counts of cards, and warnings about members.
  void tell(StoreStatus& status) const;

 private:
  void run();
  // Reads the messages that wait, and sends the due ones. Returns the time to rest.
  core::Millis work();
  void take(const transport::Event& event, core::Millis now);
  [[nodiscard]] std::vector<Cards::Sent> due(core::Millis now);
  [[nodiscard]] std::optional<regions::CardOnWay> next_own(core::Millis now);
  [[nodiscard]] Cards::Proof prove(const regions::MemberCard& card,
                                   const regions::CardOnWay& way) const;
  [[nodiscard]] core::Millis life_ms() const;
  [[nodiscard]] Cards& cards() { return roster_.cards(); }
  [[nodiscard]] const Cards& cards() const { return roster_.cards(); }

  const core::Hash128 mesh_;
  const rows::PublishedVector& vectors_;  // Of the replica.
  const std::string region_;
  transport::Transport& transport_;
  SignsOfLife life_;
  std::atomic<core::Millis> next_look_ms_{0};  // By the steady clock.
  std::atomic<core::Millis> rest_ms_{Cards::kBeatMs};
  std::atomic<bool> urgent_{false};

  mutable core::Mutex mutex_;  // Guards all below.
  std::optional<regions::KeySignatures> signatures_;
  std::optional<transport::Key> own_key_;
  Roster roster_;
  core::Millis next_forget_ms_ = 0;
  bool told_copy_ = false;

  std::atomic<bool> stops_{false};
  transport::Wake wake_;
  std::thread thread_;
};

}  // namespace anabranch::leader
