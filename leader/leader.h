// The leader: one region's replica with real storage, transport and clock around it.
//
// A leader has no thread of its own and is not thread-safe, except for read(): its owner calls it
// from one thread at a time. The server's event loop owns one directly, and has another thread make
// long commits and turns; Store owns one behind a lock, with a thread that calls turn(). A round
// is: write through scope(), commit(), turn(), then sleep until wake_fd() is readable or the time
// returned by turn() is over.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/loser.h>
#include <anabranch/options.h>
#include <anabranch/plugin.h>
#include <anabranch/policy.h>
#include <anabranch/presence.h>
#include <anabranch/session.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>

#include "core/dot.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "leader/members/handover_status.h"
#include "leader/scopes/read_limit.h"
#include "leader/scopes/view.h"
#include "leader/session_wait.h"
#include "leader/sweeps/expiry_counts.h"
#include "leader/watch/log_cursor.h"
#include "regions/concerns.h"
#include "regions/members/region_list.h"
#include "regions/wire/member_card.h"
#include "regions/wire/verdict.h"
#include "rows/published_vector.h"
#include "storage/reader_share.h"

namespace anabranch::leader {

class Backups;
class GroupWriter;
class Holders;
struct LoserPage;
struct PluginPage;
class KeptView;
class Salvage;

class Leader {
 public:
  // Checks the options, opens directory and port and starts dialling. Fails with the errors that
  // Store::open throws.
  static core::Result<std::unique_ptr<Leader>> open(const Options& options);
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  // The open group: reads see its staged writes, atomically() stages a transaction in it, each
  // other write is a transaction of its own. Nothing is durable, visible outside or sent before
  // commit().
  [[nodiscard]] Transaction& scope();
  // The writer behind scope(), for other scopes over the same group.
  [[nodiscard]] GroupWriter& writer();
  // Whether staged changes wait for a commit.
  [[nodiscard]] bool dirty() const;
  // Whether the group has reached its size limit and should be committed before more is staged.
  [[nodiscard]] bool group_full() const;
  // Whether its commit takes long, some tens of milliseconds or more, or waits for the disk.
  [[nodiscard]] bool commit_is_long() const;
  // Commits the open group as one batch; does nothing if nothing was written. After a failure every
  // transaction of the group is undone and the leader takes no more writes.
  core::Result<void> commit();
  // The same in two steps, so that others can be served meanwhile: begins the commit, and returns
  // whether it is under way. Until finish_commit(), or commit(), has returned, only these may be
  // called: read(), keep() and functions that are thread-safe, which see nothing of the commit; and
  // scope(), writer(), dirty() and group_full(), for the next group, which sees the commit, and
  // fails when it does.
  core::Result<bool> begin_commit();
  // Waits for the commit under way; does nothing without one. Fails as commit() does.
  core::Result<void> finish_commit();
  [[nodiscard]] bool committing() const;
  // Whether finish_commit() need not wait.
  [[nodiscard]] bool commit_is_made() const;
  // Readable when finish_commit() need not wait; -1 if commits are never under way. Owned by the
  // leader.
  [[nodiscard]] int committed_fd() const;
  // Has the end of the leader write no more to the tables once the flag is set, by any thread or in
  // the handler of a signal: the log has all, and the next start reads it. The flag must outlive
  // the leader.
  void end_flush_when(const std::atomic<bool>& set);
  // Returns when everything committed is on the disk, also with a durability less than `sync`.
  // After a failure the leader takes no more writes.
  core::Result<void> sync();

  // Calls the function with a view on the newest committed state. Thread-safe. Keep it short. A
  // guest waits while there are as many as may be, and Error{kTimeout} is thrown to it after 10 s.
  void read(const std::function<void(const View&)>& function,
            storage::ReaderShare share = storage::ReaderShare::kOwn) const;
  // The same, with the exact version vector of that state.
  void read(const std::function<void(const View&, const core::VersionVector&)>& function) const;

  // Returns a view on the newest committed state, to be read several times. The leader must outlive
  // it.
  [[nodiscard]] std::unique_ptr<KeptView> keep() const;
  // For how long a read of an application that begins now may use one state (Options::read_ms_max).
  [[nodiscard]] ReadLimit read_limit() const;

  // ---- The versions that sessions have seen.

  // Returns a vector that covers every read finished before this call. Thread-safe.
  [[nodiscard]] rows::PublishedVector::Shared seen() const;
  // Returns the vector of the state that read() and keep() give. For the owner's thread.
  [[nodiscard]] rows::PublishedVector::Shared committed() const;
  // Encodes a vector as a token of this mesh, and decodes one; see core/token.h. Fails on one that
  // names thousands of origins that are unknown here, too. Thread-safe.
  [[nodiscard]] std::string encode_token(const core::VersionVector& seen) const;
  [[nodiscard]] core::Result<core::VersionVector> decode_token(std::string_view token) const;
  // Returns the ops that a session has seen and that are not applied here.
  [[nodiscard]] std::vector<MissingWrites> missing_writes(const core::VersionVector& seen) const;
  // See replication_progress.h.
  [[nodiscard]] core::Result<ReplicationProgress> replication_progress(
      const core::VersionVector& seen, const WriteConcern& concern) const;

  // Looks who has the writes of this leader; see holders.h.
  [[nodiscard]] const Holders& look_at_holders();
  // The origin that its writes have. For the owner's thread.
  [[nodiscard]] core::Origin origin() const;

  // The region's name. Thread-safe.
  [[nodiscard]] const std::string& region() const;

  // The log, for watches and open documents. Thread-safe.
  [[nodiscard]] LogSource log_source() const;

  // ---- The exchange.

  // Takes the messages of peers, applies one slice of them, sends all due messages. Nothing may be
  // staged. Returns the time that the owner may sleep while wake_fd() stays silent.
  std::chrono::milliseconds turn();
  // Tells that its owner goes on. An owner whose rounds may take longer than the time that turn()
  // returned, since it does much else, calls this in each of them: else the other members take this
  // leader for one that stands still. Thread-safe.
  void beat();
  // Whether turn() will take long, some tens of milliseconds or more, or wait for the disk. turn()
  // must be the next call.
  [[nodiscard]] bool turn_is_long();
  // Readable while messages wait. Owned by the leader.
  [[nodiscard]] int wake_fd() const;

  // Sends a message of presence, published at a time of now_ms(), to the peers; see Store::publish
  // for the lengths that it may have.
  void publish(std::string channel, std::string body, std::int64_t published_ms);
  // The time by a steady clock, in ms. Thread-safe.
  [[nodiscard]] std::int64_t now_ms() const;
  // Calls the function, within turn(), with each message of presence that peers send from now on.
  void hear(OnPresence function);

  [[nodiscard]] StoreStatus status() const;
  // See Store::statistics. Thread-safe.
  [[nodiscard]] Statistics statistics() const;
  // The approximate number of deadlines stored for the keys of each database.
  [[nodiscard]] ExpiryCounts expiries() const;
  // Stages Store::retire or Store::restore in the open group; see Replica::retire.
  core::Result<void> retire(std::string_view region, regions::Retirement what);
  // Stages that a part of a region is lost for good: an origin, by its 16 digits, or a member, by
  // its name or its node; see Members::lose.
  core::Result<void> lose(std::string_view region, std::string_view part);
  // Stages Store::set_policy or Store::remove_policy in the open group.
  core::Result<void> set_policy(std::uint8_t database, std::string_view prefix,
                                const Policy& policy);
  core::Result<void> remove_policy(std::uint8_t database, std::string_view prefix);
  // See Store::policies. Thread-safe.
  [[nodiscard]] std::vector<PolicyAt> policies() const;
  // Stages that keys, or the mesh, have a concern; see set_concern of regions/concerns.h.
  core::Result<void> set_concern(const std::optional<rows::PolicyScope>& keys,
                                 const std::vector<std::string>& words);
  // Returns the concerns that keys and the mesh have, or have had, as committed. Thread-safe.
  [[nodiscard]] std::vector<regions::ConcernRow> concerns() const;
  // Stages Store::add_plugin or Store::remove_plugin in the open group.
  core::Result<std::string> add_plugin(std::string_view module);
  core::Result<void> remove_plugin(std::string_view name);
  // See Store::plugins: those behind a name, of so many bytes (plugins.h). Thread-safe.
  [[nodiscard]] core::Result<PluginPage> plugins(std::string_view after,
                                                 std::size_t bytes_max) const;
  // See Store::losers; looks at so many entries of the log at most. Thread-safe.
  [[nodiscard]] core::Result<LoserPage> losers(const LoserFilter& filter,
                                               std::size_t entries_max) const;
  // Returns all losers of the entry of the log that a loser is of. Fails with kInvalid if there is
  // none. Thread-safe.
  [[nodiscard]] core::Result<std::vector<Loser>> losers_with(std::string_view id) const;
  // Returns the losers of an entry that a filter chooses; nullopt if the entry is no longer in the
  // log. Thread-safe.
  [[nodiscard]] std::optional<std::vector<Loser>> losers_of(std::uint64_t entry,
                                                            const LoserFilter& filter) const;
  // Returns the number behind the newest entry of the log. Thread-safe.
  [[nodiscard]] std::uint64_t losers_end() const;
  // Stages Store::put_back in the open group; throws its errors.
  void put_back(std::string_view loser);
  // See Store::promote. Nothing may be staged.
  core::Result<void> promote();
  // Begins to hand the lead of the region over to another member, by its name or node, or, if that
  // is empty, to the first that can take it; see handover.h. Nothing may be staged. Turns go on
  // with it, and handover() tells how. As long as that leaves the lead, writes of applications are
  // refused with Error{kReadOnly}; their owner had better let them wait while it is under way.
  // Fails with a sentence, and changes nothing, where no member can take the lead.
  core::Result<void> begin_handover(std::string_view member);
  // Counts the looks at the members: behind each of them the answers of chooses(), handover() and
  // follows() may be others than before.
  [[nodiscard]] std::uint64_t member_looks() const;
  // Begins the same before this leader stops, where its region chooses its leader, and a member can
  // take the lead. Returns whether it has begun.
  bool hand_over_to_stop();
  // Whether its region chooses its leader (Options::promote_after_ms), as of the last turn.
  [[nodiscard]] bool chooses() const;
  // Why it is closed for writes, where another opening of its directory may take writes again, and
  // its region chooses its leader meanwhile; empty else: it is open, its directory is gone or
  // damaged, or a copy of that is at work. Not while a commit is under way.
  [[nodiscard]] std::string why_open_anew();
  // Until finish_commit(), as of the last turn. With Options::promote_after_ms also how a lead goes
  // over without being asked, and whether a start has been decided on.
  [[nodiscard]] const HandoverStatus& handover() const;
  // Whether it follows a leader of its region. For the owner's thread, also during a commit.
  [[nodiscard]] bool follows() const;
  // The newest card of another member that leads this region; nullopt while none is known.
  // Thread-safe.
  [[nodiscard]] std::optional<regions::MemberCard> region_leader() const;
  // Gives way to the other history of an origin (16 hexadecimal digits) that has two; see
  // Replica::resolve_fork. Nothing may be staged.
  core::Result<void> resolve_fork(std::string_view origin, bool adopt);
  // See Store::pause and Store::resume.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);
  // Begins to compare rows with these regions, or, if the list is empty, with all peers, while all
  // other work continues; verdicts() reports the progress. Fails with kInvalid for a name that no
  // region of the mesh has.
  core::Result<void> verify(std::vector<std::string> regions);
  [[nodiscard]] std::vector<regions::Verdict> verdicts() const;
  // Begins to take all rows again from another region, as it does by itself when values of them are
  // damaged, while all other work continues; status() tells until when. With false stops wanting
  // that.
  void repair(bool wanted);
  // Ends the condition that the log has lost writes (status().log_lost), and removes the files that
  // openings have set aside.
  core::Result<void> forget_losses();
  // Writes lost writes again, when it is begun, while all other work continues. Nothing
  // may be staged.
  [[nodiscard]] Salvage& salvage();
  // The backups of the data directory. Thread-safe.
  [[nodiscard]] Backups& backups();
  // A hash over all committed rows, as 32 hexadecimal digits: equal in regions that have applied
  // the same ops. Updated by every commit, so reading it costs nothing.
  [[nodiscard]] std::string digest() const;
  // See Store::reload_keys. Fails if a file cannot be read or this region's own keys have changed,
  // which requires a restart.
  core::Result<void> reload_keys();

 private:
  class Impl;
  explicit Leader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch::leader
