// Opens an embedded store: its leader, and the control socket, which is a layer above.

#include <anabranch/store.h>

#include <memory>
#include <string>
#include <utility>

#include "control/control_thread.h"
#include "control/listener.h"
#include "control/owner.h"
#include "leader/scopes/lent_scope.h"
#include "leader/store_impl.h"

namespace anabranch {
namespace {

// A template, since the state of a store is private to it.
template <typename Impl>
class StoreOwner final : public control::Owner {
 public:
  StoreOwner(Impl& impl, std::string directory) : impl_(impl), directory_(std::move(directory)) {}

  [[nodiscard]] StoreStatus status() override { return impl_.status(); }
  [[nodiscard]] const std::string& directory() const override { return directory_; }
  [[nodiscard]] leader::StoreId store() const override { return &impl_.leader_beside(); }
  void look(const std::function<void(leader::Leader&)>& function) override {
    function(impl_.leader_beside());
  }
  void read(const std::function<void(leader::Leader&, Scope&)>& function) override {
    impl_.leader().read([&](const leader::View& view) {
      const leader::Loan<leader::LentRead> lent(view);
      function(impl_.leader_beside(), *lent);
    });
  }
  void between(const std::function<void(leader::Leader&)>& function) override {
    impl_.between(function);
  }
  void write(const std::function<void(leader::Leader&)>& function) override { impl_.run(function); }

 private:
  Impl& impl_;
  std::string directory_;
};

}  // namespace

Store Store::open(const Options& options) {
  if (options.control) (void)control::control_path(options.path).value_or_raise();
  auto impl = std::make_unique<Impl>(leader::Leader::open(options).value_or_raise());
  if (options.control) {
    impl->keep(std::make_unique<control::ControlThread>(
        control::Listener::open(options.path).value_or_raise(),
        std::make_unique<StoreOwner<Impl>>(*impl, options.path), options.region));
  }
  return Store(std::move(impl));
}

}  // namespace anabranch
