// The open group: local transactions that will be committed together as one batch.
//
// Ops are made against the state as it is, one after another, and applied to the stage at once, so
// that each sees those before it: `commit` and `prepare` of tests/model/model.py. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "core/hlc.h"
#include "core/op_codec.h"
#include "regions/read_cells.h"
#include "rows/stage/stage.h"

namespace anabranch::regions {

class Group {
 public:
  static constexpr std::size_t kOpsMax = 1000;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20U;
  static constexpr std::size_t kLarge = 4;  // Times full.
  // Of the values that the ops of a batch are in their encoding a reader takes only so many: an
  // eighth is left to the deps, and to transactions that are in the group already.
  static constexpr std::size_t kValuesMax = core::Reader::kTokensMax / 8 * 7;  // Of a transaction.
  static constexpr std::size_t kValuesFull = core::Reader::kTokensMax / 10;
  static constexpr std::size_t kClearTalliesMax = 1000;  // Of one op; a clear with more is several.

  // `deps` is the leader's version vector; it does not change while the group is open.
  Group(const rows::RowReader& base, const rows::ClearRules& rules, core::VersionVector deps,
        const rows::Scores& scores = rows::Scores::plain());

  // The writes of the group so far, over its base.
  [[nodiscard]] rows::Stage& stage() { return stage_; }
  // Full groups are committed before more is staged; one transaction may go beyond.
  [[nodiscard]] bool full() const {
    return transactions_.ops() >= kOpsMax || bytes_ >= kBytesMax ||
           transactions_.values() >= kValuesFull;
  }
  // A group that one transaction has made so much larger takes long to be committed.
  [[nodiscard]] bool large() const {
    return transactions_.ops() >= kLarge * kOpsMax || bytes_ >= kLarge * kBytesMax;
  }
  [[nodiscard]] bool empty() const { return transactions_.empty(); }
  // The bytes and the number of its ops.
  [[nodiscard]] std::size_t bytes() const { return std::max(bytes_, transactions_.size()); }
  [[nodiscard]] std::size_t ops() const { return transactions_.ops(); }
  [[nodiscard]] bool in_transaction() const { return transactions_.in_transaction(); }
  // The timestamp of the open transaction; nothing between two.
  [[nodiscard]] std::optional<core::Hlc> time() const {
    return in_transaction() ? std::optional(transactions_.time()) : std::nullopt;
  }
  // Bytes written by the open transaction.
  [[nodiscard]] std::size_t transaction_bytes() const { return bytes_ - bytes_before_; }
  // The values that these are in their encoding: kValuesMax at most, or others cannot read them.
  [[nodiscard]] std::size_t transaction_values() const {
    return transactions_.values() - values_before_;
  }

  // The dot of the next op.
  [[nodiscard]] core::Dot next() const { return {self_, context_.at(self_) + 1}; }

  // Opens a transaction, or, while one is open, a part of it that can be undone alone.
  struct Mark {
    rows::Stage::Savepoint stage = 0;
    core::TransactionWriter::Mark ops = {};
    std::size_t bytes = 0;
    bool outermost = false;
  };
  Mark begin(core::HybridClock& clock);
  // Closes the part that begin() opened. A transaction without ops leaves nothing behind.
  void end(const Mark& mark);
  // Undoes and closes it.
  void rollback(const Mark& mark);

  // The open transaction, or, before it, its author in a state that had applied `seen`, has read
  // all values of a row: writes of this transaction that remove them do not count as unread.
  void note_read(const core::Path& path) { read_.note(path, context_); }
  void note_read(const core::Path& path, const core::VersionVector& seen) {
    read_.note(path, seen);
  }

  // Ops of the open transaction. `context` is that of an older read, covered by the leader's
  // vector. A put keeps its base where the policy says so; Error{kNoMemory} if a function has no
  // memory to tell it.
  void put(const core::Path& path, std::string_view value,
           std::optional<core::VersionVector> context = {});
  void remove(const core::Path& path, std::optional<core::VersionVector> context = {});
  void add(const core::Path& path, core::Number amount);
  void reset(const core::Path& path);
  // The same for what was observed at an earlier time.
  void reset(const core::Path& path, std::vector<core::ObservedSlot> observed);
  void clear(const core::Path& prefix);
  // Whether a clear of a prefix may have an effect; never false if it has.
  [[nodiscard]] bool anything_below(const core::Path& prefix) const;

  // The transactions that are closed, in their encoding; none may be open.
  [[nodiscard]] const core::TransactionWriter& transactions() const {
    ANABRANCH_ASSERT(!in_transaction());
    return transactions_;
  }

 private:
  // Removes the values that were read from the cells at and below a path.
  void remove_read(const core::Path& prefix);
  // Returns the base of a put that replaces what a context covers; nullopt where none is kept.
  [[nodiscard]] std::optional<std::string> base_of_put(const core::Path& path,
                                                       const core::VersionVector& context);
  void write(core::Op&& op, std::size_t bytes);

  rows::Stage stage_;
  const rows::Resolvers& resolvers_;
  core::Origin self_;
  core::VersionVector context_;  // deps, with the own entry at the newest op.
  core::TransactionWriter transactions_;
  ReadCells read_;  // By the open transaction.
  std::size_t bytes_ = 0;
  std::size_t bytes_before_ = 0;
  std::size_t values_before_ = 0;
};

}  // namespace anabranch::regions
