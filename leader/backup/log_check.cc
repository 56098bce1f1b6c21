#include "leader/backup/log_check.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/dot.h"
#include "leader/backup/entries.h"

namespace anabranch::leader {

namespace {

std::string named(const storage::StoredRecord& record) {
  return "the log record at position " + std::to_string(record.position);
}

}  // namespace

void LogCheck::add_signed(const core::Hash128& mesh, std::string_view bytes,
                          const regions::Signatures* signatures) {
  core::Reader in(bytes);
  regions::SignedPosition position = regions::read_position(in);
  if (!in.done()) return report_.fault("a signed position: " + in.failure().message);
  if (signatures != nullptr) {
    ++report_.signed_by;
    if (!signatures->verify(position.region, regions::signed_bytes(mesh, position),
                            position.signature)) {
      report_.fault("no known key of region " + position.region + " has signed op " +
                    std::to_string(position.seq) + " of origin " +
                    core::to_string(position.origin));
    }
  }
  const regions::Head& head = applied_.head(position.origin);
  if (head.seq == position.seq && head.chain != position.chain) {
    report_.fault("the head of origin " + core::to_string(position.origin) +
                  " has another chain hash than its region has signed");
  }
  signed_.insert_or_assign(position.origin, std::move(position));
}

void LogCheck::add(const storage::StoredRecord& record) {
  ++report_.records;
  check_hole(holes_.next(record.position));
  if (record.position > report_.manifest.log_last) {
    report_.damage(named(record) + " is behind the last one, " +
                   std::to_string(report_.manifest.log_last));
  }
  if (!names_ops(record)) return report_.fault(named(record) + " is of no ops");
  const auto [end, first] = ends_.try_emplace(record.origin);
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) {
    report_.fault(named(record) + ": " + batch.failure().message +
                  "; a leader never sends it, and whoever lacks it gets a snapshot");
    end->second = {.last = record.last, .chain = {}, .sound = false};
    return;
  }
  if (batch.value().origin != record.origin || batch.value().first() != record.first ||
      batch.value().last() != record.last) {
    report_.fault(named(record) + " says that it is another batch than it holds");
  }
  if (!first) check_chain(record, batch.value(), end->second);
  const core::ChainHash chain = core::chain_hash(record.bytes);
  check_signed(record, chain);
  end->second = {.last = record.last, .chain = chain, .sound = true};
}

void LogCheck::check_hole(const std::optional<storage::LogHole>& found) {
  if (!found) return;
  if (std::ranges::binary_search(report_.manifest.holes, *found)) {
    ++holes_listed_;
    report_.notes.push_back("the log has " + storage::to_string(*found));
  } else {
    report_.damage("the log has " + storage::to_string(*found) +
                   ", and the manifest does not say so");
  }
}

void LogCheck::check_chain(const storage::StoredRecord& record, const core::Batch& batch,
                           End& end) {
  const std::string origin = core::to_string(record.origin);
  if (record.first <= end.last) {
    report_.fault(named(record) + " repeats ops of origin " + origin);
  } else if (record.first > end.last + 1) {
    report_.notes.push_back("the log lacks ops " + std::to_string(end.last + 1) + " to " +
                            std::to_string(record.first - 1) + " of origin " + origin +
                            ": they came with a snapshot");
  } else if (end.sound && batch.previous != end.chain) {
    report_.fault(named(record) + " does not continue the chain of origin " + origin);
  }
}

void LogCheck::check_signed(const storage::StoredRecord& record, const core::ChainHash& chain) {
  const auto found = signed_.find(record.origin);
  if (found == signed_.end() || found->second.seq != record.last) return;
  if (found->second.chain == chain) return;
  report_.fault(named(record) + " has another chain hash than its region has signed");
}

void LogCheck::check_head(core::Origin origin, const End& end) {
  const regions::Head& head = applied_.head(origin);
  const std::string which = "the head of origin " + core::to_string(origin);
  if (head.seq < end.last) {
    report_.fault(which + " is at op " + std::to_string(head.seq) + ", its log goes to " +
                  std::to_string(end.last));
  } else if (head.seq > end.last) {
    report_.notes.push_back(which + " is beyond its log: it came with a snapshot");
  } else if (end.sound && head.chain != end.chain) {
    report_.fault(which + " has another chain hash than its log");
  }
}

void LogCheck::finish() {
  check_hole(holes_.end(report_.manifest.log_last));
  if (const std::size_t listed = report_.manifest.holes.size(); listed != holes_listed_) {
    report_.damage("the log has " + std::to_string(holes_listed_) + " of the " +
                   std::to_string(listed) + " holes that the manifest lists");
  }
  for (const auto& [origin, end] : ends_) check_head(origin, end);
}

}  // namespace anabranch::leader
