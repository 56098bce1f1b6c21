// A leader, without peers unless its options name some, in a temporary folder, with its Redis port
// on a thread of its own.

#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <anabranch/options.h>

#include "leader/leader.h"
#include "server/resp/server.h"
#include "tests/server/resp_client.h"
#include "tests/temp_dir.h"

namespace anabranch::test {

class RunningServer {
 public:
  using Fill = std::function<void(Scope&)>;

  // `fill` makes the writes that clients have no commands for.
  explicit RunningServer(
      Options store = {}, server::ServerOptions options = {}, const Fill& fill = [](Scope&) {}) {
    store.path = (folder_.path() / "data").string();
    if (store.region.empty()) store.region = "eu";
    options.address = "127.0.0.1:0";
    leader_ = leader::Leader::open(store).value_or_raise();
    fill(leader_->scope());
    leader_->commit().value_or_raise();
    peer_endpoint_ = leader_->status().endpoint;
    options.strand_time = strand_time_;
    server_ = server::Server::open(*leader_, std::move(options)).value_or_raise();
    thread_ = std::thread([this] { server_->run(); });
  }

  ~RunningServer() {
    server_->stop();
    thread_.join();
  }

  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  const std::string& endpoint() const { return server_->endpoint(); }
  const std::string& tls_endpoint() const { return server_->tls_endpoint(); }
  const std::string& sentinel_endpoint() const { return server_->sentinel_endpoint(); }
  RespClient client() const { return RespClient(endpoint()); }
  // Has keys and certificates read again, after a turn.
  void reload() { server_->reload_keys(); }
  // Asks the server to end.
  void stop() { server_->stop(); }
  // The thread of its loop.
  std::thread::id loop() const { return thread_.get_id(); }
  // The processor time of that thread, and of the strands of the loop, in milliseconds.
  double processor_ms() {
    clockid_t clock{};
    timespec time{};
    ::pthread_getcpuclockid(thread_.native_handle(), &clock);
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6 +
           static_cast<double>(*strand_time_) / 1e6;
  }
  // The endpoint of its leader, for peers. As of the start.
  const std::string& peer_endpoint() const { return peer_endpoint_; }
  // For before and after the server runs only; it is used by the server's thread.
  const TempDir& folder() const { return folder_; }

 private:
  TempDir folder_;
  std::unique_ptr<leader::Leader> leader_;
  std::string peer_endpoint_;
  std::shared_ptr<std::atomic<std::int64_t>> strand_time_ =
      std::make_shared<std::atomic<std::int64_t>>();
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
};

}  // namespace anabranch::test
