// The part common to all scopes: reads through a view, writes through a writer.

#include <anabranch/scope.h>

#include <type_traits>

#include "leader/scopes/group_writer.h"
#include "leader/scopes/lent_scope.h"
#include "leader/scopes/view.h"

namespace anabranch {

using leader::GroupWriter;
using leader::View;

namespace {

// Calls a function that adds to a row. A value that is no integer is another type to a handle, but
// to a caller that names the row itself a wrong argument.
template <typename Function>
void add_to_named(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kWrongType) throw;
    throw Error(ErrorCode::kInvalid, error.what());
  }
}

}  // namespace

template <typename Function>
auto Scope::ask(const Function& function) const {
  const Opened open = opened();
  if (open.writer != nullptr) {
    open.writer->check_reads();
    return function(open.writer->view());
  }
  if (open.view != nullptr) return function(*open.view);
  std::invoke_result_t<Function, const View&> answer{};
  look([&](const View& view) { answer = function(view); });
  return answer;
}

template <typename Function>
void Scope::modify(const Function& function) {
  if (GroupWriter* const writer = opened().writer) return function(*writer);
  change(function);
}

void Scope::look(const std::function<void(const View&)>& function) const {
  ask([&](const View& view) {
    function(view);
    return true;
  });
}

void Scope::change(const std::function<void(GroupWriter&)>& function) {
  function(*opened().writer);
}

void Scope::at_once(const std::function<void(const Scope&)>& function) const {
  look([&](const View& view) { function(*leader::Loan<leader::LentRead>(view)); });
}

bool Scope::once(std::string_view id, const std::function<void(Scope&)>& function, OnceIn where) {
  bool executed = false;
  atomically([&](Scope& txn) {
    executed =
        txn.opened().writer->once(id, where, GroupWriter::Reads::kRefused, [&] { function(txn); });
  });
  return executed;
}

WriteName Scope::next_write() const {
  throw Error(ErrorCode::kInvalid,
              "only the writes of a transaction have names before they happen");
}

// ---- Reading.

Type Scope::type(const Key& key) const {
  return ask([&](const View& view) { return view.type(key); });
}

std::optional<std::string> Scope::get(const Key& row) const {
  return ask([&](const View& view) { return view.get(row); });
}

bool Scope::show(const Key& row, const Show& function) const {
  return ask([&](const View& view) { return view.show(row, function); });
}

std::vector<Sibling> Scope::siblings(const Key& row) const {
  if (const GroupWriter* const writer = opened().writer) writer->note_read(row);
  return ask([&](const View& view) { return view.siblings(row); });
}

std::int64_t Scope::counter(const Key& row) const {
  return ask([&](const View& view) { return view.counter(row); });
}

double Scope::counter_double(const Key& row) const {
  return ask([&](const View& view) { return view.counter_double(row); });
}

bool Scope::contains(const Key& row) const {
  // Also in a request for any region: inserts into sets and removes look first.
  if (const GroupWriter* const writer = opened().writer) return writer->view().contains(row);
  return ask([&](const View& view) { return view.contains(row); });
}

std::uint64_t Scope::count(const Key& collection) const {
  return ask([&](const View& view) { return view.count(collection); });
}

void Scope::scan(const Key& prefix, const Span& span, const Visit& visit) const {
  look([&](const View& view) { view.scan(prefix, span, visit); });
}

std::optional<std::string> Scope::names(const Key& prefix, const Span& span, const VisitName& visit,
                                        std::size_t hidden_max) const {
  std::optional<std::string> passed;
  look([&](const View& view) { passed = view.names(prefix, span, visit, hidden_max); });
  return passed;
}

Fingerprint Scope::fingerprint(const Key& prefix) const {
  return ask([&](const View& view) { return view.fingerprint(prefix); });
}

std::optional<std::int64_t> Scope::deadline(const Key& key) const {
  return ask([&](const View& view) { return view.deadline(key); });
}

std::int64_t Scope::now_ms() const {
  return ask([](const View& view) { return view.now_ms(); });
}

std::optional<double> Scope::score(const Key& row) const {
  return ask([&](const View& view) { return view.score(row); });
}

std::optional<std::uint64_t> Scope::rank(const Key& row, RankFrom from) const {
  return ask([&](const View& view) { return view.rank(row, from); });
}

std::uint64_t Scope::count(const Key& sorted_set, const ScoreSpan& span) const {
  return ask([&](const View& view) { return view.count(sorted_set, span); });
}

void Scope::scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const {
  look([&](const View& view) { view.scan(sorted_set, span, visit); });
}

// ---- Writing.

void Scope::put(const Key& row, std::string_view value) {
  modify([&](GroupWriter& writer) { writer.put(row, value); });
}

void Scope::set(const Key& row, std::string_view value) {
  modify([&](GroupWriter& writer) { writer.set(row, value); });
}

void Scope::remove(const Key& row) {
  modify([&](GroupWriter& writer) { writer.remove(row); });
}

std::int64_t Scope::add(const Key& row, std::int64_t amount) {
  std::int64_t sum = 0;
  add_to_named([&] { modify([&](GroupWriter& writer) { sum = writer.add(row, amount); }); });
  return sum;
}

void Scope::add_double(const Key& row, double amount) {
  add_to_named([&] { add_to_sum(row, amount); });
}

void Scope::add_to_sum(const Key& row, std::int64_t amount) {
  modify([&](GroupWriter& writer) { writer.add(row, amount); });
}

void Scope::add_to_sum(const Key& row, double amount) {
  modify([&](GroupWriter& writer) { writer.add_double(row, amount); });
}

void Scope::reset(const Key& row) {
  modify([&](GroupWriter& writer) { writer.reset(row); });
}

void Scope::clear(const Key& prefix) {
  modify([&](GroupWriter& writer) { writer.clear(prefix); });
}

bool Scope::expire(const Key& key, std::optional<std::int64_t> deadline_ms) {
  bool done = false;
  modify([&](GroupWriter& writer) { done = writer.expire(key, deadline_ms); });
  return done;
}

}  // namespace anabranch
