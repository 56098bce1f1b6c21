// Objects in a pool of Ceph's RADOS, in one namespace. The only door to librados.
//
// Conditions are a cmpxattr in the same operation as the change; the epoch is the attribute
// `epoch`, 16 hexadecimal digits; entries are the omap.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "storage/shared/object_store.h"

namespace anabranch::storage {

struct RadosOptions {
  std::string conf = {};  // The file ceph.conf; empty: where librados looks for it.
  std::string user = "client.admin";
  std::string pool;
  std::string space = {};  // The namespace.
};

// Connects to the cluster, for which it waits up to 20 s. Fails with kIo and the reason.
core::Result<std::unique_ptr<ObjectStore>> open_rados_store(const RadosOptions& options);

}  // namespace anabranch::storage
