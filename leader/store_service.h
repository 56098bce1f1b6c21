// A service of a store to others, such as its control socket: begun with the store, ended before
// it.
#pragma once

namespace anabranch::leader {

class StoreService {
 public:
  // Ends the service; returns when it no longer uses the store.
  virtual ~StoreService() = default;
};

}  // namespace anabranch::leader
