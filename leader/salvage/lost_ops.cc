#include "leader/salvage/lost_ops.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/space.h"
#include "crdt/expiry.h"
#include "rows/requests/request_rows.h"

namespace anabranch::leader {

using core::Dot;
using core::Path;
using core::VersionVector;
using regions::LostLog;

namespace {

// Beyond so many stretches of ops single ops are no longer told apart within one.
constexpr std::size_t kExactMax = 1000;

}  // namespace

std::optional<Dot> LostOps::former(Dot now) const {
  for (const LostLog::Written& each : written_) {
    if (!each.has(now.origin, now.seq, now.seq)) continue;
    if (each.lost == 0) return std::nullopt;  // Of a key that was taken as a whole.
    // Where ops were left out between, only that there are as many as there were tells.
    if (each.last - each.first != each.now_last - each.now_first) return std::nullopt;
    return Dot{each.lost, each.first + (now.seq - each.now_first)};
  }
  return std::nullopt;
}

bool LostOps::is_written_again(Dot now) const {
  return std::ranges::any_of(written_, [&](const LostLog::Written& each) {
    return each.has(now.origin, now.seq, now.seq);
  });
}

// A context covers a beginning of each origin: a value written again is covered as far as all
// before it in the cell is, too.
std::optional<VersionVector> LostOps::context(const std::optional<VersionVector>& then,
                                              const crdt::Cell& cell) const {
  if (!then) return then;
  const core::Origin self = replica_.identity().origin;
  VersionVector now;
  for (const auto& [origin, seq] : *then) {
    if (origin == self) continue;
    const core::Seq here = std::min(seq, replica_.applied().vector().at(origin));
    if (here > 0) now.set(origin, here);
  }
  for (const crdt::Sibling& sibling : cell.siblings) {  // By their dots: of an origin in order.
    if (!is_written_again(sibling.dot)) {
      if (sibling.dot.origin == self) break;
      continue;
    }
    const auto was = former(sibling.dot);
    if (!was || !then->covers(*was)) break;
    now.raise(sibling.dot.origin, sibling.dot.seq);
  }
  return now;
}

void LostOps::note(Dot was, core::Seq from) {
  const Dot next = txn_->next();
  wrote_ = next.seq > from;
  if (!wrote_) return;
  const bool single = next.seq == from + 1;
  if (!written_.empty()) {
    LostLog::Written& last = written_.back();
    const bool goes_on = last.now == next.origin && last.now_last + 1 == from &&
                         last.lost == was.origin && last.last <= was.seq;
    const bool exact = single && last.last + 1 == was.seq &&
                       last.last - last.first == last.now_last - last.now_first;
    const bool same = last.first == was.seq;  // Several ops for one.
    if (goes_on && (exact || same || written_.size() >= kExactMax)) {
      last.last = was.seq;
      last.now_last = next.seq - 1;
      return;
    }
  }
  written_.push_back({was.origin, was.seq, was.seq, next.origin, from, next.seq - 1});
}

// The deadline of then, for the value of now.
std::string LostOps::value_of(const core::Put& put) {
  if (!crdt::is_expiry(put.path)) return put.value;
  auto expiry = crdt::decode_expiry(put.value);
  const std::string_view key = crdt::key_part(put.path);
  const View view(txn_->stage(), replica_.names(), resolvers_, txn_->time());
  if (!expiry || !view.can_decide(key)) return put.value;
  crdt::ShownKey shown = view.shown_key(key);
  expiry->type = shown.type;
  expiry->values = std::move(shown.values);
  replica_.note_expiry(put.path);
  return crdt::encode_expiry(*expiry);
}

struct LostOps::Writing {
  LostOps& self;
  regions::OpenTransaction& txn;

  bool operator()(const core::Put& put) const {
    const bool of_mesh = put.path.encoded().starts_with('\0');
    if (of_mesh && !rows::is_of_request(put.path)) return false;
    if (rows::is_mark(put.path) && !self.wrote_) return false;  // Of the op before it.
    if (rows::is_of_request(put.path) && !rows::is_mark(put.path)) {
      self.replica_.requests().add_remembered();
    }
    const std::string value = self.value_of(put);
    txn->put(put.path, value, self.context(put.context, txn->stage().peek(put.path).cell));
    return true;
  }
  bool operator()(const core::Remove& remove) const {
    const crdt::Cell& cell = txn->stage().peek(remove.path).cell;
    if (remove.path.encoded().starts_with('\0')) return false;
    if (!cell.siblings.empty()) txn->remove(remove.path, self.context(remove.context, cell));
    return true;
  }
  bool operator()(const core::Add& add) const {
    txn->add(add.path, add.amount);
    return true;
  }
  bool operator()(const core::Reset& reset) const {
    if (txn->stage().peek(reset.path).tally.live()) txn->reset(reset.path);
    return true;
  }
  bool operator()(const core::Clear& clear) const {
    if (clear.prefix.encoded().starts_with('\0')) return false;
    if (txn->anything_below(clear.prefix)) txn->clear(clear.prefix);
    return true;
  }
  bool operator()(const core::UnknownOp& /*op*/) const { return false; }
};

bool LostOps::write(Dot was, const core::Op& op) {
  const core::Seq from = txn_->next().seq;
  const bool written = std::visit(Writing{*this, txn_}, op);
  note(was, from);
  return written;
}

void LostOps::clear(Dot was, const Path& key) {
  const core::Seq from = txn_->next().seq;
  if (txn_->anything_below(key)) txn_->clear(key);
  note(was, from);
}

}  // namespace anabranch::leader
