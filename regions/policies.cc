#include "regions/policies.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "rows/policy/module_rows.h"
#include "rows/row_text.h"

namespace anabranch::regions {

using core::Millis;
using core::Path;
using rows::Policy;
using rows::PolicyKind;
using rows::PolicyScope;

namespace {

// "policy of database 0 "doc/"".
std::string name_of(const PolicyScope& scope) {
  return "policy of " + rows::path_text(Path{scope.space, scope.prefix});
}

// Returns whether a cell shows exactly this value, without concurrent ones.
bool holds_only(const crdt::Cell& cell, std::string_view value) {
  return cell.siblings.size() == 1 && cell.siblings.front().value == value;
}

bool has_module(const rows::RowReader& rows, const std::string& name) {
  return rows::read_module(rows.row(rows::module_path(name)).cell, name).has_value();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

// ---- Writing.

core::Result<void> Policies::check(const PolicyScope& scope, const Policy& policy) const {
  ANABRANCH_ASSERT(policy.is_known() && policy.kind != PolicyKind::kNone);
  if (scope.prefix.size() > kPrefixBytesMax) {
    return core::Failure{ErrorCode::kTooLarge,
                         "the prefix of a policy has at most " + std::to_string(kPrefixBytesMax) +
                             " bytes, not " + std::to_string(scope.prefix.size()) +
                             ": take the beginning that the keys share"};
  }
  const bool is_native = policy.kind == PolicyKind::kNative;
  if (is_native && (resolvers_ == nullptr || resolvers_->native(policy.name) == nullptr)) {
    return core::invalid("this leader has no function " + rows::quoted(policy.name) +
                         ": every region must be given it first, in Options::functions of an "
                         "embedded store; a server has none");
  }
  const bool is_module = policy.kind == PolicyKind::kWasm1;
  if (is_module && !rows::is_module_name(policy.name)) {
    return core::invalid(rows::quoted(policy.name) +
                         " is no name of a module: 64 hexadecimal digits, as `anabranch plugin "
                         "list` shows them");
  }
  return {};
}

core::Result<void> Policies::check_number(const rows::Stage& stage) const {
  if (stage.policies()->in_force().size() >= kInForceMax) {
    return core::Failure{ErrorCode::kTooLarge, "there are " + std::to_string(kInForceMax) +
                                                   " policies in force, the most there may be: "
                                                   "remove one, or set one with a shorter prefix"};
  }
  std::size_t prefixes = 0;
  const rows::RowReader& reader = stage;
  reader.scan(rows::policies_path(), [&](const Path& path, const crdt::Row& row) {
    const auto read = rows::read_policy_row(path, row.cell);
    prefixes += read && !read->region ? 1 : 0;
    return prefixes < kPrefixesMax;
  });
  if (prefixes < kPrefixesMax) return {};
  return core::Failure{ErrorCode::kTooLarge, std::to_string(kPrefixesMax) +
                                                 " prefixes have, or have had, a policy, the most "
                                                 "there may be: set one for a prefix that had one"};
}

core::Result<void> Policies::check_room(std::size_t bytes) const {
  const Reserve& reserve = owner_.writer.reserve();
  if (reserve.holds(bytes)) return {};
  return core::Failure{ErrorCode::kIo, reserve.text()};
}

core::Result<void> Policies::set(const PolicyScope& scope, const Policy& policy) {
  if (auto checked = check(scope, policy); !checked.ok()) return checked;
  OpenTransaction txn = owner_.writer.begin();
  const Path path = rows::policy_path(scope);
  const std::string value = rows::encode_policy(policy);
  const crdt::Cell cell = txn->stage().peek(path).cell;
  if (!holds_only(cell, value)) {
    if (policy.kind == PolicyKind::kWasm1 && !has_module(txn->stage(), policy.name)) {
      return core::invalid("there is no module " + policy.name + ": add it first, in any region");
    }
    if (auto room = check_room(scope.prefix.size() + value.size()); !room.ok()) return room;
    if (cell.siblings.empty()) {
      if (auto few = check_number(txn->stage()); !few.ok()) return few;
    }
    txn->put(path, value);
  }
  txn.keep();
  return {};
}

core::Result<void> Policies::remove(const PolicyScope& scope) {
  OpenTransaction txn = owner_.writer.begin();
  const Path path = rows::policy_path(scope);
  bool is_there = false;
  const rows::RowReader& reader = txn->stage();
  reader.scan(path, [&](const Path& each, const crdt::Row& row) {
    is_there = rows::read_policy_row(each, row.cell).has_value();
    return !is_there;
  });
  if (!is_there) {
    return core::invalid("there is no " + name_of(scope) +
                         ": a policy is removed with exactly the prefix it was set for; "
                         "`anabranch policy list` shows all");
  }
  const std::string none = rows::encode_policy({.kind = PolicyKind::kNone});
  if (!holds_only(txn->stage().peek(path).cell, none)) txn->put(path, none);
  txn.keep();
  return {};
}

// ---- Proposals.

std::map<Path, std::string> Policies::proposals_to_write() const {
  const std::string& region = owner_.state.identity().region;
  std::map<Path, std::string> changes;
  for (const auto& [scope, policy] : proposals_) {
    changes.emplace(rows::proposal_path(scope, region), rows::encode_policy(policy));
  }
  const auto reader = owner_.state.reader();
  const rows::RowReader& rows = *reader;
  rows.scan(rows::policies_path(), [&](const Path& path, const crdt::Row& row) {
    const auto read = rows::read_policy_row(path, row.cell);
    if (!read || read->region != region) return true;
    const auto wanted = changes.find(path);
    if (wanted == changes.end()) {
      changes.emplace(path, std::string());  // It is proposed no more.
    } else if (holds_only(row.cell, wanted->second)) {
      changes.erase(wanted);
    }
    return true;
  });
  return changes;
}

core::Result<void> Policies::announce() {
  if (announced_ || owner_.exchange.follows() || owner_.state.broken()) return {};
  const Reserve& reserve = owner_.writer.reserve();
  if (owner_.writer.dirty() || !reserve.holds(bytes_to_announce_)) return {};  // At a later tick.
  std::map<Path, std::string> changes;
  auto found = owner_.state.reading([&]() -> core::Result<void> {
    changes = proposals_to_write();
    return {};
  });
  if (!found.ok()) return found;
  if (!changes.empty()) {
    bytes_to_announce_ = 0;
    for (const auto& [path, value] : changes) {
      bytes_to_announce_ += path.encoded().size() + value.size();
    }
    if (!reserve.holds(bytes_to_announce_)) return {};
    if (auto ready = owner_.state.make_ready(); !ready.ok()) return ready;
    OpenTransaction txn = owner_.writer.begin();
    for (const auto& [path, value] : changes) {
      value.empty() ? txn->remove(path) : txn->put(path, value);
    }
    txn.keep();
  }
  const auto done = owner_.writer.commit();
  announced_ = done.ok();
  return done.ok() ? core::Result<void>() : done.failure();
}

// ---- The policies in force, and this leader.

void Policies::add_trouble(std::string text) {
  const bool has_room = told_.size() < kTroublesMax;  // The admin who sets so many is known by now.
  if (has_room && told_.insert(text).second) owner_.alarms.raise(text);
  if (troubles_.size() < kTroublesMax) troubles_.push_back(std::move(text));
}

void Policies::look() {
  static const core::Hash128 kNoResolvers = rows::Resolvers({}).score_fingerprint();
  seen_ = owner_.state.policies();
  troubles_.clear();
  std::set<std::string> absent;
  for (const auto& [scope, row] : seen_->in_force()) {
    const Policy& policy = row.policy;
    if (!policy.is_known()) {
      add_trouble(rows::unknown_policy_text(row));
      continue;
    }
    if (policy.kind == PolicyKind::kWasm1 && seen_->module(policy.name) == nullptr) {
      add_trouble("the " + name_of(scope) + " names the module " + policy.name +
                  ", which is not there: all regions show the last written there; add it, or set "
                  "another policy");
    }
    if (policy.kind != PolicyKind::kNative) continue;
    if (resolvers_ != nullptr && resolvers_->native(policy.name) != nullptr) continue;
    absent.insert(policy.name.substr(0, LocalRules::kNameBytesMax));
    add_trouble("the " + name_of(scope) + " is the function " + rows::quoted(policy.name) +
                ", which this leader lacks: it shows the last written there; give it in "
                "Options::functions, or set another policy");
  }
  rules_.absent.clear();
  for (const std::string& name : absent) {
    if (rules_.absent.size() < LocalRules::kAbsentMax) rules_.absent.push_back(name);
  }
  const core::Hash128 own = resolvers_ == nullptr ? kNoResolvers : resolvers_->score_fingerprint();
  rules_.resolvers = own == kNoResolvers ? std::nullopt : std::optional(own);
}

// ---- Those of peers.

void Policies::on(LinkId link, const Heartbeat& heartbeat, Millis now) {
  const Peer* const peer = owner_.exchange.links().peer_at(link);
  if (peer == nullptr) return;
  std::erase_if(peers_,
                [&](const auto& each) { return !owner_.exchange.peers().contains(each.first); });
  PeerRules& known = peers_[peer->origin];
  known.rules = heartbeat.rules;
  tell(*peer, known, now);
}

std::string Policies::trouble_with(const Peer& peer, const LocalRules& rules) const {
  std::string text;
  if (rules.resolvers != rules_.resolvers) {
    text = "has other resolvers (Options::resolvers) than this leader";
  }
  if (!rules.absent.empty()) {
    text += (text.empty() ? "" : ", and ") + std::string("lacks the functions ") +
            rows::quoted(joined(rules.absent)) + " of policies in force";
  }
  if (text.empty()) return {};
  return "region " + peer.region + " " + text +
         ": it may show other values; give all regions the same, or set a policy of another kind";
}

// A line for each change, but no more than one in a while: the state itself is in status.
void Policies::tell(const Peer& peer, PeerRules& known, Millis now) {
  std::string text = trouble_with(peer, known.rules);
  if (text == known.told || now < known.next_tell_ms) return;
  known.next_tell_ms = now + kTellMs;
  known.told = text;
  if (text.empty()) {
    owner_.alarms.notice("region " + peer.region +
                         " decides between concurrent values as this "
                         "leader does again");
  } else {
    owner_.alarms.raise(std::move(text));
  }
}

bool Policies::resolvers_differ(core::Origin peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.rules.resolvers != rules_.resolvers;
}

std::string Policies::absent_functions(core::Origin peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::string() : joined(found->second.rules.absent);
}

}  // namespace anabranch::regions
