#include <anabranch/store.h>

#include <utility>

#include "core/log.h"
#include "leader/backup/backups.h"
#include "leader/backup/note_file.h"
#include "leader/losers.h"
#include "leader/plugins.h"
#include "leader/scopes/lent_scope.h"
#include "leader/store_impl.h"
#include "leader/threads/reading_here.h"

namespace anabranch {

using leader::LentRead;
using leader::LentTransaction;
using leader::Loan;
using leader::ReadingHere;
using storage::ReaderShare;

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() { end(); }

Store::Store(Store&& other) noexcept = default;

Store& Store::operator=(Store&& other) noexcept {
  if (this == &other) return *this;
  end();
  impl_ = std::move(other.impl_);
  Scope::operator=(std::move(other));
  return *this;
}

Store::Impl& Store::impl() const {
  if (impl_ == nullptr) throw Error(ErrorCode::kInvalid, "this store was moved from");
  return *impl_;
}

void Store::end() noexcept {
  if (impl_ == nullptr) return;
  if (!impl_->process().here()) {
    leader::OpeningProcess::keep(std::move(impl_));
  } else if (impl_->in_transaction() || ReadingHere::from(impl_.get())) {
    // The functions that called this one go on in it.
    core::log_error(impl_->region(),
                    "the store was closed within its own transaction, which cannot be: it stays "
                    "open, and its directory in use, until this process ends");
    leader::OpeningProcess::keep(std::move(impl_));
  } else if (impl_->is_own_thread()) {
    core::log_error(
        impl_->region(),
        "the store was closed by one of its own threads, which cannot be: within the "
        "function of a watch, or by std::exit() there. It stays open, and its directory "
        "in use, until this process ends; what transact_async has not written yet is "
        "lost then");
    leader::OpeningProcess::keep(std::move(impl_));
  }
  impl_.reset();
}

void Store::transact(const std::function<void(Transaction&)>& function) {
  impl().run([&](leader::Leader& leader) {
    const Loan<LentTransaction> txn(leader.writer());
    (*txn).atomically([&](Scope& /*scope*/) { function(*txn); });
  });
}

std::future<std::string> Store::transact_async(std::function<void(Transaction&)> function) {
  return impl().run_async(std::move(function));
}

bool Store::transact_if(const Unchanged& seen, const std::function<void(Transaction&)>& function) {
  bool holds = false;
  transact([&](Transaction& txn) {
    holds = seen.holds(txn);
    if (holds) function(txn);
  });
  return holds;
}

void Store::read(const std::function<void(ReadTransaction&)>& function) const {
  look([&](const leader::View& view) {
    function(*Loan<LentRead>(view, impl().leader().read_limit()));
  });
}

void Store::atomically(const std::function<void(Scope&)>& function) { impl().atomically(function); }

void Store::look(const std::function<void(const leader::View&)>& function) const {
  const bool reads = ReadingHere::from(&impl());
  const ReadingHere here(&impl());
  impl().leader().read(function, reads ? ReaderShare::kGuestAgain : ReaderShare::kGuest);
}

void Store::change(const std::function<void(leader::GroupWriter&)>& function) {
  impl().run([&](leader::Leader& leader) { function(leader.writer()); });
}

std::string Store::token() const { return impl().leader().encode_token(*impl().leader().seen()); }

ReplicationProgress Store::wait(std::string_view token, const WriteConcern& concern,
                                std::chrono::milliseconds timeout) {
  return impl().wait(impl().leader().decode_token(token).value_or_raise(), concern, timeout);
}

StoreStatus Store::status() const { return impl().status(); }

std::string Store::region() const { return impl().leader().region(); }

Backup Store::backup_to(const std::string& folder) {
  (void)impl().leader();
  if (folder.empty()) throw Error(ErrorCode::kInvalid, "a backup needs the path of its folder");
  if (impl().in_transaction()) {
    throw Error(ErrorCode::kInvalid,
                "a backup takes long: make it outside of the transactions of its store");
  }
  const leader::BackupState state =
      impl().leader_beside().backups().make(leader::absolute_path(folder)).value_or_raise();
  if (!state.run) throw Error(state.code, "the backup to " + state.path + " failed: " + state.why);
  const leader::BackupReport& report = state.run->report;
  return {.path = state.run->path,
          .begun_ms = report.manifest.begun_ms,
          .rows = report.manifest.rows,
          .bytes = report.manifest.bytes(),
          .digest = core::to_string(report.manifest.digest),
          .findings = report.findings};
}

Statistics Store::statistics() const { return impl().leader().statistics(); }

bool Store::pause(std::string_view peer) {
  return impl().ask([&](leader::Leader& leader) { return leader.pause(peer); });
}

bool Store::resume(std::string_view peer) {
  return impl().ask([&](leader::Leader& leader) { return leader.resume(peer); });
}

void Store::sync() {
  impl()
      .ask([](leader::Leader& leader) { return std::optional(leader.sync()); })
      .value()
      .value_or_raise();
}

void Store::reload_keys() {
  impl()
      .ask([](leader::Leader& leader) { return std::optional(leader.reload_keys()); })
      .value()
      .value_or_raise();
}

void Store::resolve_fork(std::string_view origin, Adopt adopt) {
  impl()
      .ask([&](leader::Leader& leader) {
        return std::optional(leader.resolve_fork(origin, adopt == Adopt::kOthers));
      })
      .value()
      .value_or_raise();
}

void Store::promote() {
  impl()
      .ask([](leader::Leader& leader) { return std::optional(leader.promote()); })
      .value()
      .value_or_raise();
}

void Store::retire(std::string_view region, Loss loss) {
  using regions::Retirement;
  impl().run([&](leader::Leader& leader) {
    leader.retire(region, loss == Loss::kForGood ? Retirement::kLost : Retirement::kRetired)
        .value_or_raise();
  });
}

void Store::restore(std::string_view region) {
  impl().run([&](leader::Leader& leader) {
    leader.retire(region, regions::Retirement::kNone).value_or_raise();
  });
}

void Store::set_policy(std::string_view prefix, const Policy& policy) {
  set_policy(0, prefix, policy);
}

void Store::set_policy(std::uint8_t database, std::string_view prefix, const Policy& policy) {
  impl().run([&](leader::Leader& leader) {
    leader.set_policy(database, prefix, policy).value_or_raise();
  });
}

void Store::remove_policy(std::string_view prefix) { remove_policy(0, prefix); }

void Store::remove_policy(std::uint8_t database, std::string_view prefix) {
  impl().run(
      [&](leader::Leader& leader) { leader.remove_policy(database, prefix).value_or_raise(); });
}

std::string Store::add_plugin(std::string_view module) {
  std::string name;
  impl().run([&](leader::Leader& leader) { name = leader.add_plugin(module).value_or_raise(); });
  return name;
}

void Store::remove_plugin(std::string_view name) {
  impl().run([&](leader::Leader& leader) { leader.remove_plugin(name).value_or_raise(); });
}

std::vector<PluginAt> Store::plugins() const {
  return impl().leader().plugins({}, SIZE_MAX).value_or_raise().plugins;
}

std::vector<Loser> Store::losers(const LoserFilter& filter) const {
  return impl().leader().losers(filter, SIZE_MAX).value_or_raise().losers;
}

void Store::put_back(std::string_view loser) {
  impl().run([&](leader::Leader& leader) { leader.put_back(loser); });
}

std::vector<PolicyAt> Store::policies() const { return impl().leader().policies(); }

}  // namespace anabranch
