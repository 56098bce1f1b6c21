// Finds the things whose byte string is a prefix of a given one: a tree whose edges carry the
// common bytes of all things below them. The steps of a search depend on the matching bytes, not on
// the number of things.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace anabranch::leader {

// Not thread-safe. The things must outlive the tree, or be removed.
template <typename T>
class PrefixTree {
 public:
  void add(std::string_view prefix, T& thing) {
    Node* node = &root_;
    while (!prefix.empty()) {
      std::unique_ptr<Node>& child = node->below[prefix.front()];
      if (!child) child = std::make_unique<Node>(std::string(prefix));
      const std::size_t common = common_size(child->label, prefix);
      if (common < child->label.size()) split(child, common);
      prefix.remove_prefix(common);
      node = child.get();
    }
    node->here.push_back(&thing);
  }

  // Removes a thing that was added at this prefix.
  void remove(std::string_view prefix, const T& thing) { (void)remove(root_, prefix, thing); }

  // Visits all things at a prefix of `path`, the path itself included, from the shortest on; with
  // `below` also the things whose prefix begins with the path.
  template <typename Visit>
  void visit(std::string_view path, bool below, const Visit& visit) const {
    const Node* node = &root_;
    for (;;) {
      for (T* const each : node->here) visit(*each);
      if (path.empty()) break;
      const auto found = node->below.find(path.front());
      if (found == node->below.end()) return;
      const Node& child = *found->second;
      if (!path.starts_with(child.label)) {
        if (below && child.label.starts_with(path)) visit_all(child, visit);
        return;
      }
      path.remove_prefix(child.label.size());
      node = &child;
    }
    if (!below) return;
    for (const auto& [first, child] : node->below) visit_all(*child, visit);
  }

 private:
  struct Node {
    Node() = default;
    explicit Node(std::string carried) : label(std::move(carried)) {}
    std::string label;  // The bytes of the edge to this node; empty at the root only.
    std::vector<T*> here;
    std::map<char, std::unique_ptr<Node>> below;  // By the first byte of their labels.
  };

  static std::size_t common_size(std::string_view one, std::string_view other) {
    const auto [end, ignored] = std::ranges::mismatch(one, other);
    return static_cast<std::size_t>(end - one.begin());
  }

  // Inserts a node between this node and its parent.
  static void split(std::unique_ptr<Node>& node, std::size_t at) {
    auto upper = std::make_unique<Node>(node->label.substr(0, at));
    node->label.erase(0, at);
    upper->below[node->label.front()] = std::move(node);
    node = std::move(upper);
  }

  // Returns whether the node and everything below it is empty.
  static bool remove(Node& node, std::string_view prefix, const T& thing) {
    if (prefix.empty()) {
      std::erase(node.here, &thing);
    } else if (const auto found = node.below.find(prefix.front());
               found != node.below.end() && prefix.starts_with(found->second->label)) {
      prefix.remove_prefix(found->second->label.size());
      if (remove(*found->second, prefix, thing)) node.below.erase(found);
    }
    return node.here.empty() && node.below.empty();
  }

  template <typename Visit>
  static void visit_all(const Node& node, const Visit& visit) {
    for (T* const each : node.here) visit(*each);
    for (const auto& [first, child] : node.below) visit_all(*child, visit);
  }

  Node root_;
};

}  // namespace anabranch::leader
