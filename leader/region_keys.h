// The keys of a leader: loaded from the files of its options, and read again while it runs. Not
// thread-safe.
#pragma once

#include <optional>
#include <utility>

#include <anabranch/options.h>

#include "core/result.h"
#include "regions/delivery/key_signatures.h"
#include "transport/key_files.h"
#include "transport/transport.h"

namespace anabranch::leader {

class RegionKeys {
 public:
  // Does nothing where the options name no files.
  core::Result<void> load(const Options& options) {
    if (options.keys_file.empty()) return {};
    auto keys = transport::load_keys(options.keys_file, options.peers_keys_file, options.region);
    if (!keys.ok()) return keys.failure();
    keys_ = std::move(keys).value();
    if (!signatures_) signatures_.emplace(keys_);
    return {};
  }
  // Loads them again, and has the transport use them. Those of the region itself must be the same.
  core::Result<void> reload(const Options& options, transport::Transport& transport) {
    if (!keys_) return core::invalid("there are no keys: no keys_file was given");
    const transport::SharedKeys before = keys_;
    if (auto loaded = load(options); !loaded.ok()) return loaded;
    if (keys_->own == before->own) {
      transport.use_keys(keys_);
      signatures_->use(keys_);
      return {};
    }
    keys_ = before;
    return core::invalid("the keys of this region are others now: restart its leader to use them");
  }

  // Null without keys.
  [[nodiscard]] const transport::SharedKeys& keys() const { return keys_; }
  [[nodiscard]] regions::KeySignatures* signatures() {
    return signatures_ ? &*signatures_ : nullptr;
  }

 private:
  transport::SharedKeys keys_;
  std::optional<regions::KeySignatures> signatures_;
};

}  // namespace anabranch::leader
