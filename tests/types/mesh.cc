#include "tests/types/mesh.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/batch.h"
#include "leader/scopes/group_scope.h"
#include "tests/crdt/markdown_table.h"
#include "tests/regions/log_records.h"

namespace anabranch::test {

namespace {

// The time of the newest transaction that a node has made.
core::Hlc time_of_newest(Node& node) {
  const core::Origin origin = node.origin();
  const auto position = node.storage().find(origin, node.vector().at(origin));
  const auto record = node.storage().read_log(*position);
  return core::decode_batch(record->bytes).value().transactions.back().hlc;
}

// Items in the form of a meaning.
std::string sorted(Words items) {
  std::ranges::sort(items);
  std::string text;
  for (const std::string& each : items) text += (text.empty() ? "" : " ") + each;
  return text.empty() ? "-" : text;
}

}  // namespace

void Mesh::use(std::size_t at, const std::function<void(Scope&)>& function) {
  leader::GroupScope scope(nodes_[at]->replica(), resolvers(), limits_);
  function(scope);
  ANABRANCH_ASSERT(nodes_[at]->replica().commit().ok());
  nodes_[at]->replica().effects().clear();
}

void Mesh::act(std::size_t at, const std::vector<std::string>& acts, core::Millis wall) {
  Node& node = *nodes_[at];
  node.clock().set(wall);
  const core::VersionVector seen = node.vector();
  std::vector<Words> done;
  use(at, [&](Scope& scope) {
    scope.atomically([&](Scope& txn) {
      for (const std::string& each : acts) {
        Words act = words(each);
        if (subject_.act(txn, subject_.key, act)) done.push_back(std::move(act));
      }
    });
  });
  if (node.vector() == seen) return;  // There was nothing to do.
  const core::Dot dot{node.origin(), node.vector().at(node.origin())};
  const core::Hlc hlc = time_of_newest(node);
  for (std::size_t place = 0; place < done.size(); ++place) {
    history_.push_back({dot, place, seen, hlc, done[place]});
  }
}

void Mesh::act_undone(std::size_t at, const std::vector<std::string>& acts) {
  struct Undo {};
  use(at, [&](Scope& scope) {
    try {
      scope.atomically([&](Scope& txn) {
        for (const std::string& each : acts) {
          Words act = words(each);
          subject_.act(txn, subject_.key, act);
        }
        throw Undo{};
      });
    } catch (const Undo&) {
      return;
    }
  });
}

void Mesh::deliver(std::size_t from, std::size_t to) {
  for (const auto& record : log_records(nodes_[from]->storage())) {
    if (record.origin != nodes_[to]->origin()) nodes_[to]->deliver(*nodes_[from], record.bytes);
  }
}

void Mesh::meet() {
  for (const auto& node : nodes_) node->sweep();
  for (std::size_t round = 0; round < 2 * nodes_.size(); ++round) {
    for (std::size_t from = 0; from < nodes_.size(); ++from) {
      for (std::size_t to = 0; to < nodes_.size(); ++to) {
        if (from == to) continue;
        deliver(from, to);
        if (!nodes_[to]->vector().includes(nodes_[from]->vector())) {
          nodes_[to]->merge(*nodes_[from]);
        }
      }
    }
  }
  for (const auto& node : nodes_) node->sweep();
}

std::string Mesh::shown(std::size_t at) {
  std::string shown;
  use(at, [&](Scope& scope) { shown = subject_.show(scope, subject_.key); });
  return shown;
}

std::string Mesh::wrong(std::size_t at) {
  const std::string shows = shown(at);
  const History known = known_to(nodes_[at]->vector(), history_);
  const std::string means = subject_.meaning(known);
  if (subject_.items) precedence_.note(subject_.places(known, shows));
  if ((subject_.items ? sorted(subject_.items(shows)) : shows) != means) {
    return "shown is " + shows + ", meant " + means;
  }
  std::uint64_t keys = 0;
  use(at, [&](Scope& scope) { keys = scope.count(Key::all(0)); });
  const bool may_stay = subject_.stays_empty && shows == "-";
  if (keys != (shows == "-" ? 0U : 1U) && !may_stay)
    return "shown is " + shows + ", but counted otherwise";
  return nodes_[at]->wrong_count() + nodes_[at]->wrong_order();
}

}  // namespace anabranch::test
