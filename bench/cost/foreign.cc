#include "bench/cost/foreign.h"

#include <stdexcept>
#include <utility>

#include <anabranch/options.h>

#include "core/hash.h"
#include "storage/engine/open_storage.h"

namespace anabranch::bench {
namespace {

std::unique_ptr<storage::Storage> open_storage(const std::string& directory,
                                               std::size_t map_bytes) {
  return storage::open_storage({.tables = {.directory = directory, .map_bytes = map_bytes}})
      .value_or_raise();
}

constexpr regions::LinkId kLink = 1;
constexpr core::Millis kNow = 0;

core::Hash128 mesh() { return core::digest128(Options().mesh); }

}  // namespace

ForeignBatches::ForeignBatches(const std::string& source, const std::string& target,
                               std::size_t map_bytes, std::uint64_t conflicts_bytes_max) {
  read_log(source, map_bytes);
  storage_ = open_storage(target, map_bytes);
  replica_ = regions::Replica::open(*storage_, clock_,
                                    {.mesh = mesh(),
                                     .region = "eu",
                                     .fresh_origin = 1,
                                     .nonce = 1,
                                     .limits = {.conflicts = {.bytes_max = conflicts_bytes_max}}})
                 .value_or_raise();
  greet();
}

void ForeignBatches::read_log(const std::string& directory, std::size_t map_bytes) {
  const auto storage = open_storage(directory, map_bytes);
  storage->open().value_or_raise();
  for (storage::Position at = 1; const auto record = storage->read_log(at); ++at) {
    messages_.push_back(regions::encode_message(regions::BatchMessage{0, record->bytes}));
    origin_ = record->origin;
    applied_.set(record->origin, record->last);
  }
}

void ForeignBatches::greet() {
  replica_->link_up(kLink, {}, kNow);
  replica_->step(
      kLink,
      regions::Greeting{
          .mesh = mesh(), .region = "us", .origin = origin_, .nonce = 2, .applied = applied_},
      kNow);
  // An unsolicited batch is accepted only if the peer's last vector covers it.
  replica_->step(kLink, regions::Ack{0, 0, applied_, {}}, kNow);
  replica_->effects().clear();
}

void ForeignBatches::apply(std::size_t count) {
  const auto kind = regions::kind_of(regions::BatchMessage{});
  for (const std::size_t end = next_ + count; next_ < end; ++next_) {
    replica_->step(kLink, regions::decode_message(kind, messages_[next_]).value_or_raise(), kNow);
    (void)replica_->apply(kNow).value_or_raise();
    replica_->durable(storage_->durable_position(), kNow);
    replica_->effects().clear();
  }
}

void ForeignBatches::write_here(const std::vector<std::string>& keys) {
  regions::OpenTransaction txn = replica_->begin();
  for (const std::string& key : keys) txn->put({"\1", key, "s"}, "written here");
  txn.keep();
  (void)replica_->commit().value_or_raise();
  replica_->effects().clear();
}

void ForeignBatches::check_all_applied() const {
  if (!replica_->applied().vector().includes(applied_)) {
    throw std::runtime_error("a batch was not applied");
  }
}

}  // namespace anabranch::bench
