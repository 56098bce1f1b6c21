// Sessions: a client's reads and writes stay consistent when it moves between regions.
//
//   Session here = store.session();
//   Set<std::string>{here, "cart/ada"}.insert("book");
//   std::string cookie = here.token();
//   ...
//   Session there = other.session(cookie, 500ms);            // In another region, later.
//   Set<std::string>{there, "cart/ada"}.contains("book");    // True.
//
// A session sees its own writes (read your writes), never goes back to before an earlier read
// (monotonic reads), and every region shows its writes only after the writes that it had seen
// (writes follow reads; this holds for every write of a store). A token carries the session from
// one region to the next: the region waits until it has applied every write that the session has
// seen.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/scope.h>
#include <anabranch/transaction.h>

namespace anabranch {

// How far writes must have come. All conditions must be met.
struct WriteConcern {
  enum class Level {
    kApplied,  // Visible there.
    kDurable,  // On the disk there: it survives the loss of all other regions.
  };
  std::size_t count = 0;                  // At least so many regions, this one included.
  std::vector<std::string> regions = {};  // These regions.
  bool all = false;  // Every region that is known and not retired, and each peer of the options.
  Level level = Level::kDurable;
};

// Returns the level in words: "applied", "durable".
[[nodiscard]] std::string_view to_string(WriteConcern::Level level);

// The regions that have the writes and those that lack them, without retired and lost ones; sorted.
// A peer of the options at which no leader of the mesh was ever met lacks them under the name of
// its region, or, where the options name none, under its address.
struct ReplicationProgress {
  bool met = false;
  std::vector<std::string> have;
  std::vector<std::string> lack;
  std::vector<std::string> never_met;  // These of `lack`.
};

// How to treat writes that a token names and that no region has any more, since every copy was lost
// (a disk broke before another region had them, say).
enum class LostWrites {
  kFail,    // Throw Error{kInvalid} with their number and region.
  kIgnore,  // Go on without them.
};

// A scope: everything that works on a store works on a session. For one thread at a time; a store
// may have any number of sessions. Must not outlive its store. Movable: its handles stay valid; one
// that was moved from throws Error{kInvalid}.
class Session final : public Scope {
 public:
  ~Session() override;
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;

  // Returns the writes that this session has seen, in printable form (letters, digits, "-" and
  // "_"), for a cookie or a header: 19 characters, and 12 to 18 for each region and for each of its
  // restarts on a restored disk or after a loss.
  [[nodiscard]] std::string token() const;

  // As the functions of Store.
  void transact(const std::function<void(Transaction&)>& function);
  template <typename Function>
  requires(detail::Answers<Function, Transaction>) auto transact(Function&& function) {
    return *detail::answer_of<Transaction>(
        function, [&](const std::function<void(Transaction&)>& run) { transact(run); });
  }
  [[nodiscard]] bool transact_if(const Unchanged& seen,
                                 const std::function<void(Transaction&)>& function);
  template <typename Function>
  requires(detail::Answers<Function, Transaction>)
      [[nodiscard]] auto transact_if(const Unchanged& seen, Function&& function) {
    return detail::answer_of<Transaction>(
        function,
        [&](const std::function<void(Transaction&)>& run) { (void)transact_if(seen, run); });
  }
  void read(const std::function<void(ReadTransaction&)>& function) const;
  template <typename Function>
  requires(detail::Answers<Function, ReadTransaction>) auto read(Function&& function) const {
    return *detail::answer_of<ReadTransaction>(
        function, [&](const std::function<void(ReadTransaction&)>& run) { read(run); });
  }
  void atomically(const std::function<void(Scope&)>& function) override;

  // Waits until all writes that this session has seen or made have come as far as `concern` says,
  // or until the timeout. Returns the regions that have them; a concern not met in time is no
  // error.
  [[nodiscard]] ReplicationProgress wait(const WriteConcern& concern,
                                         std::chrono::milliseconds timeout) const;

 private:
  friend class Store;
  class Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  // Throws Error{kInvalid} if it was moved from.
  [[nodiscard]] Impl& impl() const;
  void look(const std::function<void(const leader::View&)>& function) const override;
  void change(const std::function<void(leader::GroupWriter&)>& function) override;

  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch
