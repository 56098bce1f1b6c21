#include "server/cli/salvage/lost_writes.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "control/verbs/bytes_json.h"
#include "core/batch.h"
#include "core/space.h"
#include "crdt/decimal.h"
#include "crdt/expiry.h"
#include "crdt/type_table.h"
#include "leader/salvage/lost_batches.h"
#include "regions/state/applied.h"
#include "regions/state/head.h"
#include "server/cli/printable.h"
#include "storage/engine/open_storage.h"
#include "storage/layout.h"
#include "storage/wal/loss_note.h"

namespace anabranch::server::cli {

using control::bytes_json;
using core::Result;
using leader::LostBatches;
using Json = nlohmann::ordered_json;

namespace {

void add_place(Json& json, const core::Path& path) {
  const core::Components parts = path.components();
  const auto database = parts.empty() ? std::nullopt : core::database_of(parts[0]);
  json["database"] = database ? Json(*database) : Json();
  const std::size_t key = database ? 1 : 0;
  json["key"] = parts.size() > key ? bytes_json(parts[key]) : Json();
  const crdt::TypeEntry* const type = crdt::type_at(parts);
  if (crdt::is_expiry(path)) {
    json["type"] = "expiry";
  } else {
    json["type"] = type == nullptr ? Json() : Json(to_string(type->type));
  }
  Json rest = Json::array();
  for (std::size_t i = key + 1; i < parts.size(); ++i) rest.push_back(bytes_json(parts[i]));
  json["path"] = std::move(rest);
}

void add_value(Json& json, const core::Put& put) {
  const auto expiry = crdt::is_expiry(put.path) ? crdt::decode_expiry(put.value) : std::nullopt;
  if (!expiry) {
    json["value"] = bytes_json(put.value);
  } else {
    const bool never = expiry->deadline == crdt::Expiry::kNever;
    json["deadline_ms"] = never ? Json() : Json(expiry->deadline);
  }
}

struct OpJson {
  Json& json;
  void operator()(const core::Put& put) const {
    json["op"] = "put";
    add_place(json, put.path);
    add_value(json, put);
  }
  void operator()(const core::Remove& remove) const {
    json["op"] = "remove";
    add_place(json, remove.path);
  }
  void operator()(const core::Add& add) const {
    json["op"] = "add";
    add_place(json, add.path);
    json["amount"] = crdt::number_text(add.amount);
  }
  void operator()(const core::Reset& reset) const {
    json["op"] = "reset";
    add_place(json, reset.path);
  }
  void operator()(const core::Clear& clear) const {
    json["op"] = "clear";
    add_place(json, clear.prefix);
  }
  void operator()(const core::UnknownOp& /*op*/) const { json["op"] = "unknown"; }
};

// What is read of one loss.
class Reading {
 public:
  Reading(const OwnOrigins& own, std::ostream* out) : own_(own), out_(out) {}

  void take(const LostBatches::Record& record) {
    bool any = false;
    for (const core::Batch& batch : record.batches) {
      if (!is_own(record, batch)) continue;
      any = true;
      for (const core::Transaction& txn : batch.transactions) take(record, batch, txn);
    }
    if (any) ++(record.proven ? proven_ : unproven_);
  }
  void print(const storage::LogLoss& loss, std::ostream& text) const {
    for (const std::string& file : loss.files) {
      text << printable(std::string(storage::kSetAsidePrefix) + file) << '\n';
    }
    text << "  " << proven_ << " records of this region that are proven, with " << ops_ << " ops";
    if (ops_ > 0) text << ", from " << utc_time(first_ms_) << " to " << utc_time(last_ms_);
    text << '\n';
    if (unproven_ > 0) text << "  " << unproven_ << " that nothing proves\n";
  }
  [[nodiscard]] std::uint64_t records() const { return proven_ + unproven_; }

 private:
  [[nodiscard]] bool is_own(const LostBatches::Record& record, const core::Batch& batch) const {
    return is_of_region(record, batch.origin, own_.region,
                        [this](core::Origin origin) { return own_.origins.contains(origin); });
  }
  void take(const LostBatches::Record& record, const core::Batch& batch,
            const core::Transaction& txn) {
    const core::Millis time = txn.hlc.millis();
    if (record.proven) {
      first_ms_ = ops_ == 0 ? time : std::min(first_ms_, time);
      last_ms_ = std::max(last_ms_, time);
      ops_ += txn.ops.size();
    }
    if (out_ == nullptr) return;
    for (std::size_t i = 0; i < txn.ops.size(); ++i) {
      Json json = {{"file", std::string(storage::kSetAsidePrefix) + record.at.segment},
                   {"place", record.at.place},
                   {"position", record.position},
                   {"proven", record.proven},
                   {"origin", core::to_string(batch.origin)},
                   {"seq", txn.first + i},
                   {"transaction", txn.first},
                   {"time_ms", time}};
      std::visit(OpJson{json}, txn.ops[i]);
      *out_ << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    }
  }

  const OwnOrigins& own_;
  std::ostream* out_;
  std::uint64_t proven_ = 0;
  std::uint64_t unproven_ = 0;
  std::uint64_t ops_ = 0;
  core::Millis first_ms_ = 0;
  core::Millis last_ms_ = 0;
};

}  // namespace

Result<OwnOrigins> own_origins_of(const std::string& directory) {
  auto opened =
      storage::open_storage({.tables = {.directory = directory}, .engine = {.look = true}});
  if (!opened.ok()) return opened.failure();
  if (auto ready = opened.value()->open(); !ready.ok()) return ready.failure();
  const auto snapshot = opened.value()->snapshot();
  OwnOrigins own;
  const auto stored = snapshot->get(storage::Table::kMeta, storage::kIdentityKey);
  if (!stored) return own;
  const auto identity = regions::decode_identity(*stored);
  if (!identity.ok()) return identity.failure();
  own.region = identity.value().region;
  own.origins.insert({identity.value().origin, identity.value().previous});
  own.origins.insert(identity.value().formers.begin(), identity.value().formers.end());
  const auto applied = regions::Applied::load(*snapshot);
  if (!applied.ok()) return applied.failure();
  for (const auto& [origin, head] : applied.value().heads()) {
    if (head.region == own.region) own.origins.insert(origin);
  }
  return own;
}

Result<std::uint64_t> print_lost_writes(storage::Files& files, const OwnOrigins& own,
                                        std::ostream& text, std::ostream* out) {
  const auto losses = storage::losses_set_aside(files);
  if (!losses.ok()) return losses.failure();
  std::uint64_t records = 0;
  for (const storage::LogLoss& loss : losses.value()) {
    const auto batches = LostBatches::open(files, loss);
    if (!batches.ok()) return batches.failure();
    for (bool more = true; more;) {
      const auto found = batches.value()->search();
      if (!found.ok()) return found.failure();
      more = found.value();
    }
    Reading reading(own, out);
    for (;;) {
      const auto record = batches.value()->next();
      if (!record.ok()) return record.failure();
      if (!record.value()) break;
      reading.take(*record.value());
    }
    reading.print(loss, text);
    records += reading.records();
  }
  return records;
}

}  // namespace anabranch::server::cli
