#include "leader/view_scope.h"

namespace anabranch::leader {

namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::kInvalid, "a read transaction cannot write: use transact, or transact_if");
}

}  // namespace

void ViewScope::at_once(const std::function<void(const Scope&)>& function) const {
  function(*this);
}

WriteName ViewScope::next_write() const { refuse(); }
Type ViewScope::type(const Key& key) const { return view_.type(key); }
std::optional<std::string> ViewScope::get(const Key& row) const { return view_.get(row); }
std::vector<Sibling> ViewScope::siblings(const Key& row) const { return view_.siblings(row); }
std::int64_t ViewScope::tally(const Key& row) const { return view_.tally(row); }
double ViewScope::tally_real(const Key& row) const { return view_.tally_real(row); }
bool ViewScope::contains(const Key& row) const { return view_.contains(row); }
std::uint64_t ViewScope::count(const Key& collection) const { return view_.count(collection); }

void ViewScope::scan(const Key& prefix, const Span& span, const Visit& visit) const {
  view_.scan(prefix, span, visit);
}

void ViewScope::names(const Key& prefix, const Span& span, const VisitName& visit) const {
  view_.names(prefix, span, visit);
}

std::optional<double> ViewScope::score(const Key& row) const { return view_.score(row); }

std::optional<std::uint64_t> ViewScope::rank(const Key& row, bool backwards) const {
  return view_.rank(row, backwards);
}

std::uint64_t ViewScope::count(const Key& sorted_set, const ScoreSpan& span) const {
  return view_.count(sorted_set, span);
}

void ViewScope::scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const {
  view_.scan(sorted_set, span, visit);
}

Fingerprint ViewScope::fingerprint(const Key& prefix) const { return view_.fingerprint(prefix); }

std::optional<std::int64_t> ViewScope::deadline(const Key& key) const {
  return view_.deadline(key);
}
std::int64_t ViewScope::now_ms() const { return view_.now_ms(); }

void ViewScope::atomically(const std::function<void(Scope&)>& /*function*/) { refuse(); }
void ViewScope::put(const Key& /*row*/, std::string_view /*value*/) { refuse(); }
void ViewScope::remove(const Key& /*row*/) { refuse(); }
void ViewScope::add(const Key& /*row*/, std::int64_t /*amount*/) { refuse(); }
void ViewScope::add_real(const Key& /*row*/, double /*amount*/) { refuse(); }
void ViewScope::reset(const Key& /*row*/) { refuse(); }
void ViewScope::clear(const Key& /*prefix*/) { refuse(); }
bool ViewScope::expire(const Key& /*key*/, std::optional<std::int64_t> /*deadline_ms*/) {
  refuse();
}

}  // namespace anabranch::leader
