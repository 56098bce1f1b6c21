// Start here. A Store is one region's leader inside this process.
//
//   anabranch::Store store = anabranch::Store::open({.path = "data", .region = "eu-west"});
//   anabranch::Counter{store, "visits"}.add(1);
//
// A write commits on the local disk and returns; no other region is ever waited for. Meanwhile a
// thread of the store exchanges writes with the peers, and all regions arrive at the same state.
// All functions are thread-safe. Concurrent writers share commits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <anabranch/options.h>
#include <anabranch/scope.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>

namespace anabranch {

// Not movable, since handles point at it. Closing (the destructor) waits for calls that are in
// progress; nothing acknowledged is lost, closed cleanly or not.
class Store final : public Scope {
 public:
  // Opens or creates. Throws Error: kInvalid (options, a foreign directory, another region's
  // directory), kBusy (directory or port in use), kIo, kCorrupt.
  [[nodiscard]] static Store open(Options options);
  ~Store() override;

  // Runs the function as one transaction on its caller's thread and commits it durably. Throws what
  // the function throws (nothing is written then) and what a commit throws.
  void transact(const std::function<void(Transaction&)>& function);

  // ---- Scope: each write is a transaction of its own, each read sees one consistent state.

  void atomically(const std::function<void(Scope&)>& function) override;
  [[nodiscard]] Type type(const Key& key) const override;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const override;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const override;
  [[nodiscard]] std::int64_t tally(const Key& row) const override;
  [[nodiscard]] bool contains(const Key& row) const override;
  [[nodiscard]] std::uint64_t count(const Key& collection) const override;
  void scan(const Key& prefix, const std::function<bool(const Entry&)>& visit) const override;
  void put(const Key& row, std::string_view value) override;
  void remove(const Key& row) override;
  void add(const Key& row, std::int64_t amount) override;
  void reset(const Key& row) override;
  void clear(const Key& prefix) override;

  // ---- The leader.

  [[nodiscard]] StoreStatus status() const;
  // Stops the exchange with a peer (its region or its address), in both directions, until resume or
  // the end of the process. Returns whether there is such a peer.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch
