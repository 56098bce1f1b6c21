#include "leader/scopes/group_writer.h"

#include <cmath>
#include <utility>

#include "core/base64.h"
#include "core/path_parts.h"
#include "crdt/resolve.h"
#include "crdt/score.h"
#include "crdt/type_table.h"
#include "rows/gone_element.h"
#include "rows/requests/request_rows.h"

namespace anabranch::leader {

using core::Path;
using regions::Group;
using regions::OpenTransaction;

namespace {

// Rows of ids are stored by their path, not by its hash.
constexpr std::size_t kRequestIdMax = 128;
// Each map around a row has a count, with all of its path in it.
constexpr std::size_t kComponentsMax = 64;

[[noreturn]] void too_large(const std::string& what, std::size_t size, std::size_t limit,
                            const char* unit, const char* option) {
  throw Error(ErrorCode::kTooLarge, what + " of " + std::to_string(size) + " " + unit +
                                        " is over the limit of " + std::to_string(limit) + " " +
                                        unit + " (" + option + ")");
}

// Only for calls that add: what lies deeper can be read, removed and put back.
void check_depth(const Path& row) {
  const std::string_view encoded = row.encoded();
  // Nearly all paths are too short for so many.
  if (encoded.size() <= kComponentsMax * core::kComponentEnd.size()) return;
  std::size_t components = 0;
  for (std::size_t at = encoded.find('\0'); at != encoded.npos; at = encoded.find('\0', at + 2)) {
    components += encoded[at + 1] == core::kComponentEnd[1] ? 1 : 0;
  }
  if (components <= kComponentsMax) return;
  throw Error(ErrorCode::kTooLarge, "a path of " + std::to_string(components) +
                                        " components is over the limit of " +
                                        std::to_string(kComponentsMax) +
                                        ": the space, the key, and two for each map around a row");
}

// For a row that shows no integer of 64 bits, or no number.
[[noreturn]] void refuse_to_add(const View& view, const Key& row) {
  const std::optional<core::Number> sum = view.number(row);
  if (sum && (sum->is_integer() || !std::isfinite(sum->as_real()))) {
    throw Error(ErrorCode::kInvalid,
                row.name() + ": the sum of all regions does not fit in 64 bits");
  }
  throw Error(ErrorCode::kWrongType, row.name() + " holds no integer");
}

}  // namespace

View GroupWriter::view() const {
  Group& group = replica_.group();
  return {group.stage(), replica_.names(), resolvers_, group.time()};
}

OpenTransaction GroupWriter::begin() const {
  if (leaving_ && !draining_) {
    throw Error(ErrorCode::kReadOnly,
                "this leader hands its lead over to another member: try again in a moment");
  }
  if (!draining_) return replica_.begin();
  throw Error(ErrorCode::kReadOnly,
              "this leader is being drained and takes no writes: write in another region, or end "
              "that with anabranch drain --undo");
}

void GroupWriter::keep(OpenTransaction& txn) const {
  const std::size_t bytes = txn->transaction_bytes();
  if (bytes > limits_.transaction_bytes_max) {
    too_large("a transaction", bytes, limits_.transaction_bytes_max, "bytes",
              "transaction_bytes_max");
  }
  const std::size_t values = txn->transaction_values();
  if (values > Group::kValuesMax) {
    too_large("a transaction", values, Group::kValuesMax, "encoded values",
              "some six for each write");
  }
  txn.keep();
}

void GroupWriter::check_element(const Path& row) const {
  const auto gone = rows::gone_element(replica_.group().stage(), row);
  if (!gone || *gone == row) return;  // An insert puts the member row itself.
  throw Error(ErrorCode::kInvalid, "there is no element " + core::to_base64(gone->last()) +
                                       " in the list " + gone->components()[1] +
                                       ": it was erased, or never inserted");
}

void GroupWriter::check_room_to_remove() const {
  (void)replica_.group();  // The group checks the reserve when it begins.
  const regions::Reserve& reserve = replica_.writer().reserve();
  if (!reserve.allows_removing()) throw Error(ErrorCode::kIo, reserve.text());
}

void GroupWriter::check_room_to_add(std::size_t bytes) const {
  const Group& group = replica_.group();
  const regions::Reserve& reserve = replica_.writer().reserve();
  if (!reserve.holds(group.transaction_bytes() + bytes)) {
    throw Error(ErrorCode::kIo, reserve.text());
  }
}

void GroupWriter::atomically(const std::function<void()>& function) {
  UndoCalls undo(*this);
  OpenTransaction txn = begin();
  function();
  txn.keep();
  undo.keep();
}

GroupWriter::UndoCalls::UndoCalls(GroupWriter& writer)
    : undo_(writer.undo_),
      before_(writer.undo_.size()),
      outermost_(!writer.replica_.group().in_transaction()) {}

GroupWriter::UndoCalls::~UndoCalls() {
  while (!kept_ && undo_.size() > before_) {
    const std::function<void()> last = std::move(undo_.back());
    undo_.pop_back();
    last();
  }
  if (outermost_) undo_.clear();
}

// ---- Requests.

bool GroupWriter::once(std::string_view id, OnceIn where, Reads reads,
                       const std::function<void()>& function) {
  if (id.empty() || id.size() > kRequestIdMax) {
    throw Error(ErrorCode::kInvalid, "the id of a request has 1 to " +
                                         std::to_string(kRequestIdMax) + " bytes, not " +
                                         std::to_string(id.size()));
  }
  if (request_) throw Error(ErrorCode::kInvalid, "a request cannot be part of another request");
  UndoCalls undo(*this);
  const Path path = rows::request_path(id);
  OpenTransaction txn = begin();
  if (!txn->stage().peek(path).cell.siblings.empty()) return false;
  rows::PublishedRequests& requests = replica_.requests();
  if (requests.remembered() >= limits_.once_max) {
    throw Error(ErrorCode::kTooLarge, std::to_string(limits_.once_max) +
                                          " requests are remembered, the most there may be "
                                          "(once_max)");
  }
  check_room_to_add(id.size());
  // Executions lie beside each other, so nothing is replaced.
  txn->put(path, rows::encode_execution(), core::VersionVector());
  struct End {
    std::optional<Request>& request;
    ~End() { request.reset(); }
  };
  const End end{request_};
  request_ = Request{path, where, reads};
  function();
  keep(txn);
  requests.add_remembered();
  undo.keep();
  return true;
}

void GroupWriter::check_reads() const {
  if (!request_ || request_->where == OnceIn::kOneRegion || request_->reads == Reads::kAllowed) {
    return;
  }
  throw Error(ErrorCode::kInvalid,
              "reading, also of the time, is not possible in a request for any region, since its "
              "writes must follow from the request alone; edits of lists and texts, and deadlines "
              "from now on, read, too");
}

void GroupWriter::refuse_in_request(const Key& row, const char* what) const {
  if (!request_ || request_->where == OnceIn::kOneRegion) return;
  throw Error(ErrorCode::kInvalid, row.name() + ": " + what +
                                       " is not possible in a request for any region, since the "
                                       "effect does not follow from the request alone");
}

void GroupWriter::check_type_in_request(const Key& row) const {
  if (!request_ || request_->where == OnceIn::kOneRegion) return;
  const crdt::TypeEntry* const type = crdt::type_at(path_of(row).components());
  if (type == nullptr) return;
  if (type->type == Type::kList) refuse_in_request(row, "an edit of a list");
  if (type->type == Type::kText) refuse_in_request(row, "an edit of a text");
  if (type->type == Type::kItemList) refuse_in_request(row, "an edit of a list of containers");
}

void GroupWriter::mark(OpenTransaction& txn, crdt::RequestMark::Kind kind, const Path& row,
                       std::int64_t amount) {
  if (!request_ || request_->where == OnceIn::kOneRegion) return;
  txn->put(rows::mark_path(request_->path, request_->marks++),
           crdt::encode_mark({kind, row, amount}), core::VersionVector());
}

WriteName GroupWriter::next_write() const {
  if (request_ && request_->where == OnceIn::kAnyRegion) {
    throw Error(ErrorCode::kInvalid,
                "an edit of a list or text is not possible in a request for any region, since its "
                "effect does not follow from the request alone");
  }
  const Group& group = replica_.group();
  if (!group.in_transaction()) {
    throw Error(ErrorCode::kInvalid,
                "only the writes of a transaction have names before they happen");
  }
  const core::Dot dot = group.next();
  return {dot.origin, dot.seq};
}

Type GroupWriter::type(const Key& key) const {
  Group& group = replica_.group();
  const Path path = path_of(key);
  if (!group.in_transaction()) return view().type(key);
  const bool is_string = group.stage().peek(path_of_string(path)).present();
  return view().type(path, is_string);
}

void GroupWriter::note_read(const Key& row) const {
  Group& group = replica_.group();
  if (group.in_transaction()) group.note_read(path_of(row));
}

void GroupWriter::note_read(const Key& row, const core::VersionVector& seen) const {
  Group& group = replica_.group();
  if (group.in_transaction()) group.note_read(path_of(row), seen);
}

void GroupWriter::write(const Key& row, std::string_view value, Sum sum) {
  if (value.size() > limits_.value_bytes_max) {
    too_large("a value", value.size(), limits_.value_bytes_max, "bytes", "value_bytes_max");
  }
  check_type_in_request(row);
  const Path path = path_of(row);
  check_depth(path);
  check_room_to_add(value.size());
  OpenTransaction txn = begin();
  drop_expired(txn.group(), path);
  check_element(path);
  txn->put(path, value);
  mark(txn, crdt::RequestMark::Kind::kPut, path, 0);
  if (sum == Sum::kReset && txn->stage().peek(path).tally.live()) txn->reset(path);
  check_room_to_add(0);  // With the base, which the group knows by now.
  keep(txn);
}

void GroupWriter::remove(const Key& row) {
  check_room_to_remove();
  check_type_in_request(row);
  OpenTransaction txn = begin();
  const Path path = path_of(row);
  if (!txn->stage().peek(path).cell.siblings.empty()) txn->remove(path);
  keep(txn);
}

std::int64_t GroupWriter::add(const Key& row, std::int64_t amount) {
  const Path path = path_of(row);
  check_depth(path);
  if (request_ && crdt::membership(path)) refuse_in_request(row, "an addition to a score");
  // Loads the row for all that follows.
  const std::optional<std::int64_t> value =
      view().integer(path, replica_.group().stage().peek(path));
  if (!value) refuse_to_add(view(), row);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*value, amount, &sum)) {
    throw Error(ErrorCode::kInvalid, row.name() + ": the sum would leave 64 bits");
  }
  check_room_to_add(0);
  OpenTransaction txn = begin();
  drop_expired(txn.group(), path);
  check_element(path);
  txn->add(path, amount);
  mark(txn, crdt::RequestMark::Kind::kAdd, path, amount);
  keep(txn);
  return sum;
}

void GroupWriter::add_double(const Key& row, double amount) {
  refuse_in_request(
      row, crdt::membership(path_of(row)) ? "an addition to a score" : "an addition of a double");
  check_depth(path_of(row));
  if (!std::isfinite(amount)) {
    throw Error(ErrorCode::kInvalid, row.name() + ": only finite numbers can be added");
  }
  const auto shown = view().number(row);
  if (!shown) refuse_to_add(view(), row);
  const crdt::Tally& tally = replica_.group().stage().peek(path_of(row)).tally;
  const crdt::Slot* const own = tally.find(replica_.identity().origin);
  const auto leaves_range = [&](const core::Number& sum) {
    return !std::isfinite(sum.plus(core::Number::real(amount)).as_real());
  };
  // The sum of this leader's additions is stored by itself, beside those of other leaders.
  if (leaves_range(*shown) || (own != nullptr && leaves_range(own->total))) {
    throw Error(ErrorCode::kInvalid, row.name() + ": the sum would leave the range of a double");
  }
  check_room_to_add(0);
  OpenTransaction txn = begin();
  const Path path = path_of(row);
  drop_expired(txn.group(), path);
  check_element(path);
  txn->add(path, core::Number::real(amount));
  keep(txn);
}

void GroupWriter::reset(const Key& row) {
  check_room_to_remove();
  OpenTransaction txn = begin();
  const Path path = path_of(row);
  if (txn->stage().peek(path).tally.live()) txn->reset(path);
  keep(txn);
}

void GroupWriter::clear(const Key& prefix) {
  refuse_in_request(prefix, "a clear");
  check_room_to_remove();
  OpenTransaction txn = begin();
  const Path path = path_of(prefix);
  if (txn->anything_below(path)) txn->clear(path);
  keep(txn);
}

void GroupWriter::put_back(const Path& row, std::string_view value) {
  check_room_to_add(value.size());
  OpenTransaction txn = begin();
  drop_expired(txn.group(), row);
  check_element(row);
  const crdt::Row before = txn->stage().peek(row);
  const bool is_there = before.cell.siblings.size() == 1 &&
                        before.cell.siblings.front().value == value && !before.tally.live();
  if (!is_there) {
    const core::Dot dot = txn->next();
    txn->note_read(row);
    txn->put(row, value);
    if (!before.cell.siblings.empty()) {
      txn->stage().notes().add({.kind = rows::ConflictKind::kPutBack,
                                .path = row,
                                .by = dot,
                                .by_time = *txn->time(),
                                .values = before.cell.siblings,
                                .put = std::string(value)});
    }
    if (before.tally.live()) txn->reset(row);
  }
  keep(txn);
}

bool GroupWriter::expire(const Key& key, std::optional<std::int64_t> deadline_ms) {
  refuse_in_request(key, "an expiry");
  const Path path = path_of(key);
  const std::string_view part = crdt::key_part(path);
  if (part.empty() || part.size() != path.encoded().size()) {
    throw Error(ErrorCode::kInvalid, key.name() + ": only a whole key expires");
  }
  if (deadline_ms && *deadline_ms > crdt::Expiry::kDeadlineMax) {
    throw Error(ErrorCode::kInvalid, key.name() + ": this time to expire is too far away");
  }
  check_room_to_remove();
  OpenTransaction txn = begin();
  const View at = view();
  if (at.type(key) == Type::kNone || (!deadline_ms && !at.deadline(key))) return false;
  if (deadline_ms && *deadline_ms <= at.now_ms()) {
    txn->clear(path);
  } else {
    crdt::ShownKey shown = at.shown_key(part);
    const crdt::Expiry expiry{.deadline = deadline_ms.value_or(crdt::Expiry::kNever),
                              .type = shown.type,
                              .values = std::move(shown.values)};
    replica_.note_expiry(crdt::expiry_path(part));
    txn->put(crdt::expiry_path(part), crdt::encode_expiry(expiry));
  }
  keep(txn);
  return true;
}

void GroupWriter::drop_expired(Group& group, const Path& path) {
  const rows::PublishedExpiry& expiries = replica_.names().expiries();
  if (!expiries.any()) return;
  const std::string_view key = crdt::key_part(path);
  if (key.empty() || !expiries.may_expire(key)) return;
  const Path expiry = crdt::expiry_path(key);
  if (group.stage().peek(expiry).cell.siblings.empty()) return;
  const View at = view();
  // Nobody here can tell whether such a value has expired. A put replaces it, and the expiry goes
  // with it.
  if (!at.can_decide(key)) return;
  if (at.expired(path)) {
    group.clear(Path::trusted(std::string(key)));
  } else if (at.shown_key(key).type == Type::kNone) {
    group.remove(expiry);
  }
}

}  // namespace anabranch::leader
