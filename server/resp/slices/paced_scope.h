// The scopes of a strand: that of the open group, and that of one committed state. Each call is a
// unit of the strand's work.
#pragma once

#include <anabranch/error.h>
#include <anabranch/transaction.h>

#include <functional>

#include "core/pace.h"
#include "leader/scopes/group_writer.h"
#include "leader/scopes/view.h"

namespace anabranch::server {

class PacedTransaction final : public Transaction {
 public:
  // The writer must outlive it.
  explicit PacedTransaction(leader::GroupWriter& writer) : writer_(writer) {}

  void atomically(const std::function<void(Scope&)>& function) override {
    writer_.atomically([&] { function(*this); });
  }
  [[nodiscard]] WriteName next_write() const override { return writer_.next_write(); }
  [[nodiscard]] Type type(const Key& key) const override {
    core::Pace::breathe();
    return writer_.type(key);
  }

 private:
  [[nodiscard]] Opened opened() const override {
    core::Pace::breathe();
    return {.writer = &writer_};
  }

  leader::GroupWriter& writer_;
};

// Its writes throw Error{kInvalid}: commands that write do not get it.
class PacedRead final : public ReadTransaction {
 public:
  // The view must outlive it.
  explicit PacedRead(const leader::View& view) : view_(view) {}

  // As one state already is.
  void atomically(const std::function<void(Scope&)>& function) override { function(*this); }

 private:
  [[nodiscard]] Opened opened() const override {
    core::Pace::breathe();
    return {.view = &view_};
  }

  void change(const std::function<void(leader::GroupWriter&)>& /*function*/) override {
    throw Error(ErrorCode::kInvalid, "a read cannot write");
  }

  const leader::View& view_;
};

}  // namespace anabranch::server
