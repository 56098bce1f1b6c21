// Writes into a replica's open group: each write becomes ops, or none if it changes nothing. Not
// thread-safe.
#pragma once

#include <anabranch/options.h>

#include "crdt/request_mark.h"
#include "leader/scopes/view.h"
#include "regions/replica.h"
#include "rows/resolvers.h"

namespace anabranch::leader {

// Functions as in Scope.
class GroupWriter {
 public:
  // All references must outlive the writer.
  GroupWriter(regions::Replica& replica, const rows::Resolvers& resolvers, const Options& limits)
      : replica_(replica), resolvers_(resolvers), limits_(limits) {}

  // Refuses the writes of applications from now on with Error{kReadOnly}, or accepts them again;
  // what operators set, sweeps, and the writes of other leaders go on. Nothing may be staged.
  void drain(bool on) { draining_ = on; }
  [[nodiscard]] bool draining() const { return draining_; }
  // The same while this leader hands over its lead.
  void leave(bool on) { leaving_ = on; }

  // Runs the function in a transaction; inside the running one, if there is one.
  void atomically(const std::function<void()>& function);
  [[nodiscard]] WriteName next_write() const;
  // Calls the function if the running transaction is undone, be it with one that it is part of. It
  // must not throw.
  void on_undo(std::function<void()> function) { undo_.push_back(std::move(function)); }

  // As Scope::once. `reads` says whether the function may read: kAllowed is for callers that make
  // sure that no write follows from what they read.
  enum class Reads : std::uint8_t { kRefused, kAllowed };
  bool once(std::string_view id, OnceIn where, Reads reads, const std::function<void()>& function);
  // Throws Error{kInvalid} within a request that must not read.
  void check_reads() const;

  void put(const Key& row, std::string_view value) { write(row, value, Sum::kKept); }
  void set(const Key& row, std::string_view value) { write(row, value, Sum::kReset); }
  void remove(const Key& row);
  // Both throw Error{kWrongType} where a value is no integer.
  std::int64_t add(const Key& row, std::int64_t amount);
  void add_double(const Key& row, double amount);
  void reset(const Key& row);
  void clear(const Key& prefix);
  // Writes a value in place of all others and of the sum, and notes for the conflict log which
  // values that replaces. No effect if it is the only one.
  void put_back(const core::Path& row, std::string_view value);
  bool expire(const Key& key, std::optional<std::int64_t> deadline_ms);

  // The open transaction, if there is one, has read all values of a row; see Group::note_read.
  void note_read(const Key& row) const;
  // The same for a reading before it, in a state that had applied `seen`.
  void note_read(const Key& row, const core::VersionVector& seen) const;
  // Returns the state of the group, at the time of the open transaction.
  [[nodiscard]] View view() const;
  // Returns the type of the value at a key. Most writes call this first: it loads the row into the
  // stage, so the row is read only once.
  [[nodiscard]] Type type(const Key& key) const;

 private:
  enum class Sum : std::uint8_t { kKept, kReset };
  // Puts a value, and has the counter part stay or be taken back.
  void write(const Key& row, std::string_view value, Sum sum);
  // Call before a write at a key where nothing is shown: clears an expired key, or removes an
  // expiry without a value, so that neither affects the new value.
  void drop_expired(regions::Group& group, const core::Path& path);
  // Throws Error{kInvalid} for a row inside an element that is not in its list of containers.
  void check_element(const core::Path& row) const;
  // Throw if there is no room for a transaction that removes, or that adds `bytes`.
  void check_room_to_remove() const;
  void check_room_to_add(std::size_t bytes) const;
  // Throws Error{kInvalid} within a request for any region: `what` follows from more than the
  // request.
  void refuse_in_request(const Key& row, const char* what) const;
  // The same, for a write of a row, if it is one of a type whose rows do not follow from the
  // request alone.
  void check_type_in_request(const Key& row) const;
  // Puts the mark of the op that was just written, within a request for any region.
  void mark(regions::OpenTransaction& txn, crdt::RequestMark::Kind kind, const core::Path& row,
            std::int64_t amount);
  // Begins a transaction, or a part of the open one; throws Error{kReadOnly} while draining.
  [[nodiscard]] regions::OpenTransaction begin() const;
  // Ends a write; throws if its transaction has become too large.
  void keep(regions::OpenTransaction& txn) const;

  regions::Replica& replica_;
  const rows::Resolvers& resolvers_;
  const Options& limits_;
  bool draining_ = false;
  bool leaving_ = false;

  // Calls the functions noted within its life, the last one first, unless it ends well.
  class UndoCalls {
   public:
    explicit UndoCalls(GroupWriter& writer);
    ~UndoCalls();
    UndoCalls(const UndoCalls&) = delete;
    UndoCalls& operator=(const UndoCalls&) = delete;
    void keep() { kept_ = true; }

   private:
    std::vector<std::function<void()>>& undo_;
    const std::size_t before_;
    const bool outermost_;
    bool kept_ = false;
  };
  std::vector<std::function<void()>> undo_;  // Of the running transaction.

  // The request that is being executed.
  struct Request {
    core::Path path;
    OnceIn where = OnceIn::kAnyRegion;
    Reads reads = Reads::kRefused;
    std::size_t marks = 0;
  };
  std::optional<Request> request_;
};

}  // namespace anabranch::leader
