// The state of the tables with a commit that is under way: at first as it lies in memory, from the
// end of the commit on as it is published. For the writer alone.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/storage.h"

namespace anabranch::storage {

class LoggedState {
 public:
  explicit LoggedState(std::unique_ptr<Snapshot> unpublished)
      : state_(std::make_shared<State>(State{std::move(unpublished)})) {}

  // Returns a snapshot of the state, which may outlive this.
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const {
    return std::make_unique<Shared>(state_);
  }
  // Replaces the state in memory by the published one, if anybody has a snapshot of it.
  template <typename Published>
  void publish(const Published& published) {
    if (state_.use_count() > 1) state_->snapshot = published();
  }

 private:
  struct State {
    std::unique_ptr<Snapshot> snapshot;
  };
  class Shared final : public Snapshot {
   public:
    explicit Shared(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                      std::string_view key) const override {
      return state_->snapshot->get(table, key);
    }
    [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override {
      return state_->snapshot->scan(table, range);
    }
    [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                             std::string_view to) const override {
      return state_->snapshot->first_key(table, from, to);
    }
    [[nodiscard]] std::uint64_t size(Table table) const override {
      return state_->snapshot->size(table);
    }

   private:
    const std::shared_ptr<const State> state_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace anabranch::storage
