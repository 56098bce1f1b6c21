#include "regions/delivery/provenance.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/mark.h"

namespace anabranch::regions {

using core::mark;
using core::Origin;
using core::Seq;

Provenance::End Provenance::start(Origin origin, const Log& log) const {
  const Head& head = applied_.head(origin);
  return log.handed.seq > head.seq ? log.handed : End{head.seq, head.chain};
}

// Brings a log in line with the applied vector.
void Provenance::begin(Origin origin, Log& log) {
  const Seq applied = applied_.vector().at(origin);
  log.points.erase(log.points.begin(), log.points.upper_bound(applied));
  const End from = start(origin, log);
  while (!log.batches.empty() && log.batches.begin()->first <= from.seq) {
    drop(log, log.batches.begin());
  }
  if (log.linked.seq <= from.seq) {
    log.linked = from;
    return;
  }
  const auto next = log.batches.find(from.seq + 1);
  if (next != log.batches.end() && next->second.previous == from.hash) return;
  while (!log.batches.empty()) drop(log, log.batches.begin());  // Of another history.
  log.linked = from;
}

std::string Provenance::region(Origin origin) const {
  const auto found = logs_.find(origin);
  return found == logs_.end() ? std::string() : found->second.region;
}

void Provenance::forget(Origin origin) {
  const auto found = logs_.find(origin);
  if (found == logs_.end()) return;
  while (!found->second.batches.empty()) drop(found->second, found->second.batches.begin());
}

bool Provenance::has(Origin origin, Seq first) const {
  const auto log = logs_.find(origin);
  if (log == logs_.end()) return false;
  const auto waiting = log->second.batches.find(first);
  return waiting != log->second.batches.end() && waiting->second.held;
}

bool Provenance::has_proven(Origin origin, Seq first) const {
  const auto log = logs_.find(origin);
  if (log == logs_.end()) return false;
  const auto waiting = log->second.batches.find(first);
  return waiting != log->second.batches.end() && waiting->second.proven;
}

bool Provenance::holds(Origin origin) const {
  const auto found = logs_.find(origin);
  return found != logs_.end() && std::ranges::any_of(found->second.batches, [](const auto& each) {
           return each.second.held.has_value();
         });
}

void Provenance::drop(Log& log, std::map<Seq, Waiting>::iterator at) {
  if (at->second.held) load_.remove(*at->second.held);
  log.batches.erase(at);
}

void Provenance::add_point(Log& log, const SignedPosition& position) {
  log.points.insert_or_assign(position.seq, position);
  // The nearest positions are needed first, the newest one later.
  if (log.points.size() > kPointsMax) log.points.erase(std::prev(log.points.end(), 2));
}

bool Provenance::repeated(const Waiting& known, const Waiting& comes) {
  return known.from == comes.from || known.hash == comes.hash;
}

void Provenance::renew(Waiting& known, Waiting comes, Room room) {
  if (known.hash != comes.hash) return;
  known.from = comes.from;
  const bool signs = known.signature.empty() && !comes.signature.empty();
  if (signs) known.signature = comes.signature;
  if (known.held) {
    known.held->from = comes.from;
    if (signs) {
      known.held->batch.signature = comes.signature;
      known.held->signed_beside = true;
    }
  } else if (room == Room::kWhole) {
    mark<"a batch that left its link comes again">();
    load_.add(*comes.held);
    known.held = std::move(comes.held);
  }
}

void Provenance::add(Origin origin, Log& log, Waiting waiting, Room room, Outcome& outcome) {
  const Seq first = waiting.held->batch.first();
  // The link of the batch was let go, or the batch would not be one.
  if (first <= log.linked.seq) return;
  if (room == Room::kLink && first != log.linked.seq + 1) return;
  load_.add(*waiting.held);
  log.batches.emplace(first, std::move(waiting));
  if (!link(origin, log, outcome)) return;
  // Before the batch is let go: the chain may have gone on behind it, and a known position be
  // there.
  prove(origin, log, outcome);
  if (room == Room::kLink) let_go(log, first);
}

void Provenance::let_go(Log& log, Seq first) {
  const auto at = log.batches.find(first);
  if (at == log.batches.end() || !at->second.held) return;  // It was handed out, or is a lie.
  mark<"a batch that waits for its proof leaves its link">();
  if (log.batches.size() > kLinksMax) {
    const bool follows = at != log.batches.begin() && std::prev(at)->second.last + 1 == first;
    if (follows) std::prev(at)->second.behind = at->second.signature;
    return drop(log, at);
  }
  load_.remove(*at->second.held);
  at->second.held.reset();
}

Provenance::Outcome Provenance::take(HeldBatch held, std::string_view region, Room room) {
  Outcome outcome;
  const Origin origin = held.batch.origin;
  const Seq first = held.batch.first();
  if (first <= applied_.vector().at(origin)) return outcome;
  if (!logs_.contains(origin) && logs_.size() >= kOriginsMax) return outcome;
  Log& log = logs_[origin];
  if (!region.empty() && region != log.region) {
    log.region = region;
    // By the word of another region.
    for (auto& [at, waiting] : log.batches) waiting.proven = false;
  }
  // The batch got lost after it was proven.
  if (first <= log.handed.seq) log.handed = log.linked = {};
  begin(origin, log);
  Waiting waiting{.last = held.batch.last(),
                  .previous = held.batch.previous,
                  .hash = core::chain_hash(held.bytes),
                  .signature = held.batch.signature,
                  .from = held.from};
  waiting.held = std::move(held);
  const auto there = log.batches.find(first);
  if (there != log.batches.end() && repeated(there->second, waiting)) {
    renew(there->second, std::move(waiting), room);
    hand_out(origin, log, outcome);
    return outcome;
  }
  if (there != log.batches.end()) {
    while (!log.batches.empty()) drop(log, log.batches.begin());  // The source has changed.
    log.linked = start(origin, log);
  }
  add(origin, log, std::move(waiting), room, outcome);
  return outcome;
}

Provenance::Outcome Provenance::take(const SignedPosition& position) {
  Outcome outcome;
  const Origin origin = position.origin;
  if (position.seq <= applied_.vector().at(origin)) return outcome;
  if (!logs_.contains(origin) && logs_.size() >= kOriginsMax) return outcome;
  Log& log = logs_[origin];
  begin(origin, log);
  add_point(log, position);
  advance(origin, log, outcome);
  return outcome;
}

void Provenance::clear() {
  logs_.clear();
  load_ = {};
}

Provenance::Outcome Provenance::take_proven() {
  Outcome outcome;
  for (auto& [origin, log] : logs_) {
    begin(origin, log);
    advance(origin, log, outcome);
  }
  std::erase_if(logs_, [](const auto& each) {
    return each.second.batches.empty() && each.second.points.empty();
  });
  return outcome;
}

bool Provenance::continues(const Log& log, Seq first, const Waiting& next) const {
  if (next.previous != log.linked.hash) return false;
  if (next.held) {
    const std::optional<core::Opening>& opening = next.held->batch.opening;
    const bool names_another = opening && !log.region.empty() && opening->region != log.region;
    const bool names_nobody = first == 1 && !opening;
    if (names_another || names_nobody) return false;
  }
  // The signed history ends a batch where this one does not.
  return std::none_of(log.points.lower_bound(first), log.points.lower_bound(next.last),
                      [&](const auto& point) { return point.second.region == log.region; });
}

void Provenance::advance(Origin origin, Log& log, Outcome& outcome) {
  if (link(origin, log, outcome)) prove(origin, log, outcome);
}

bool Provenance::link(Origin origin, Log& log, Outcome& outcome) {
  for (;;) {
    const auto next = log.batches.find(log.linked.seq + 1);
    if (next == log.batches.end()) return true;
    const Waiting& waiting = next->second;
    if (!continues(log, next->first, waiting)) {
      drop(origin, log, outcome);
      return false;
    }
    const bool opens = waiting.held && waiting.held->batch.opening;
    if (opens && log.region.empty()) log.region = waiting.held->batch.opening->region;
    log.linked = {waiting.last, waiting.hash};
  }
}

std::optional<bool> Provenance::has(const Log& log, Seq seq, const core::ChainHash& hash) {
  if (seq == log.linked.seq) return hash == log.linked.hash;
  const auto behind = log.batches.upper_bound(seq);
  if (behind == log.batches.begin()) return std::nullopt;
  const Waiting& there = std::prev(behind)->second;
  if (there.last < seq) return std::nullopt;
  return there.last == seq && there.hash == hash;
}

void Provenance::prove(Origin origin, Log& log, Outcome& outcome) {
  // The known positions on the linked part.
  Seq proven = 0;
  const auto end = log.points.upper_bound(log.linked.seq);
  for (auto at = log.points.upper_bound(start(origin, log).seq); at != end; ++at) {
    if (at->second.region != log.region) continue;
    const std::optional<bool> agrees = has(log, at->first, at->second.chain);
    if (!agrees) {  // A link was let go there: the chain is followed anew.
      log.linked = start(origin, log);
      if (!link(origin, log, outcome)) return;
      break;
    }
    if (!*agrees) return drop(origin, log, outcome);
    proven = at->first;
  }
  for (auto at = log.batches.begin(); at != log.batches.upper_bound(proven); ++at) {
    at->second.proven = true;
  }
  hand_out(origin, log, outcome);
}

std::string Provenance::signature_behind(const Log& log, const Waiting& waiting) {
  const auto point = log.points.find(waiting.last);
  const bool known = point != log.points.end() && point->second.region == log.region;
  if (known && point->second.chain == waiting.hash) return point->second.signature;
  const auto next = log.batches.find(waiting.last + 1);
  return next == log.batches.end() ? waiting.behind : next->second.signature;
}

void Provenance::hand_out(Origin origin, Log& log, Outcome& outcome) {
  while (!log.batches.empty()) {
    const auto next = log.batches.begin();
    Waiting& waiting = next->second;
    if (next->first != start(origin, log).seq + 1 || !waiting.held || !waiting.proven) return;
    log.handed = {waiting.last, waiting.hash};
    load_.remove(*waiting.held);
    waiting.held->end_signature = signature_behind(log, waiting);
    outcome.proven.push_back(*std::move(waiting.held));
    log.batches.erase(next);
  }
}

void Provenance::drop(Origin origin, Log& log, Outcome& outcome) {
  ++forged_batches_;
  std::set<Origin> peers;
  for (const auto& [first, waiting] : log.batches) peers.insert(waiting.from);
  outcome.forged.push_back({origin, {peers.begin(), peers.end()}});
  while (!log.batches.empty()) drop(log, log.batches.begin());
  log.points.clear();
  log.linked = start(origin, log);
  log.region = applied_.head(origin).region;
}

}  // namespace anabranch::regions
