// Some regions that write to one key of one type through its public handle, and the history of all
// their acts: at any moment the visible value of each can be compared with the meaning of the type.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/node.h"
#include "tests/types/sequence.h"
#include "tests/types/subject.h"

namespace anabranch::test {

class Mesh {
 public:
  // Its nodes must decide by resolvers(), too.
  explicit Mesh(const Subject& subject) : subject_(subject) {}

  void add(std::unique_ptr<Node> node) { nodes_.push_back(std::move(node)); }
  void replace(std::size_t at, std::unique_ptr<Node> node) { nodes_[at] = std::move(node); }
  [[nodiscard]] Node& node(std::size_t at) { return *nodes_[at]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  // Carries acts out as one transaction, at a wall clock time.
  void act(std::size_t at, const std::vector<std::string>& acts, core::Millis wall);
  // The same, undone by an exception.
  void act_undone(std::size_t at, const std::vector<std::string>& acts);
  // Hands all that one region has in its log to another.
  void deliver(std::size_t from, std::size_t to);
  // Brings all regions to the same state, by logs and where they have been trimmed by snapshots.
  void meet();

  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] std::string shown(std::size_t at);
  // Whether all that was ever looked at by wrong() is in one order; see sequence.h.
  [[nodiscard]] bool in_order() const { return precedence_.is_order(); }
  // The error in the visible value and counts of a region, in words; empty when they are the
  // meaning of the type.
  [[nodiscard]] std::string wrong(std::size_t at);

 private:
  // Calls function(scope) on a region's newest state, and commits.
  void use(std::size_t at, const std::function<void(Scope&)>& function);

  const Subject& subject_;
  const Options limits_;
  std::vector<std::unique_ptr<Node>> nodes_;
  History history_;
  Precedence precedence_;
};

}  // namespace anabranch::test
