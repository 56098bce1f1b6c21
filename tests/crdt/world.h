// A small world of replicas over the functions of crdt/: `Replica` of tests/model/model.py in C++.
//
// A TestReplica holds rows, a version vector and logs. It turns intents into ops against its rows
// as they are, applies them, receives other replicas' transactions in causal order, drops dead
// slots, trims its logs, and joins the rows of another replica. There is no encoding, no storage
// and no network: an error here is an error in crdt/. A replica is a value: a copy is a saved
// state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/op.h"
#include "crdt/row.h"
#include "tests/oracle.h"

namespace anabranch::test {

// A request of a client. `path` is the prefix of a clear.
struct Intent {
  enum class Kind { kPut, kRemove, kAdd, kReset, kClear };
  Kind kind = Kind::kPut;
  core::Path path;
  std::string value = {};                           // Of a put.
  std::int64_t amount = 0;                          // Of an add.
  std::optional<core::VersionVector> context = {};  // Of a put: that of an older read.
};

// A transaction on its way.
struct Sent {
  core::Origin origin = 0;
  core::VersionVector deps;  // All that the leader had applied before it.
  core::Transaction txn;
};

class TestReplica {
 public:
  using Seen = std::map<core::Origin, core::VersionVector>;

  explicit TestReplica(core::Origin origin) : origin_(origin) {}

  // Applies `intents` as one transaction, and records them in the oracle.
  void commit(const std::vector<Intent>& intents, core::Millis wall, Oracle& oracle);
  // Applies a transaction, and all held ones that it was missing; holds it until then.
  void receive(const std::shared_ptr<const Sent>& sent);
  // Drops the dead slots that may go.
  void collect();
  // Forgets all but the newest `keep` transactions of every origin.
  void trim(std::size_t keep);
  // Joins the rows of a peer into the own ones, where its logs do not reach far enough.
  void merge(const TestReplica& peer);
  // Goes on as a new origin, like a replica that finds an older state of its own.
  void restart_as(core::Origin origin);

  [[nodiscard]] core::Origin origin() const { return origin_; }
  [[nodiscard]] const core::VersionVector& applied() const { return applied_; }
  [[nodiscard]] const std::map<core::Path, crdt::Row>& rows() const { return rows_; }
  // The row at `path`, an empty one if there is none.
  [[nodiscard]] crdt::Row row(const core::Path& path) const;
  // The transactions of each origin that can be handed on, oldest first.
  [[nodiscard]] const std::map<core::Origin, std::vector<std::shared_ptr<const Sent>>>& logs()
      const {
    return logs_;
  }
  // The canonical content of all non-empty rows.
  [[nodiscard]] std::string canonical() const;
  // The visible content of the rows, to be compared with that of the oracle.
  [[nodiscard]] Oracle::View visible() const;

 private:
  core::Op prepare(const Intent& intent, core::Dot dot) const;
  void apply(const core::Op& op, core::Dot dot, core::Hlc hlc, const core::VersionVector& context);
  void apply_clear(const core::Clear& clear, core::Dot dot, const core::VersionVector& context);
  void finish(const std::shared_ptr<const Sent>& sent);
  void receive_held();

  core::Origin origin_;
  core::VersionVector applied_;
  core::Hlc hlc_;
  std::map<core::Path, crdt::Row> rows_;
  std::map<core::Origin, std::vector<std::shared_ptr<const Sent>>> logs_;
  Seen seen_;  // The newest deps that an applied transaction of each origin carried.
  std::vector<std::shared_ptr<const Sent>> held_;
};

}  // namespace anabranch::test
