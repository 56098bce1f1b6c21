#include "plugins/check/smaller.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace anabranch::plugins {
namespace {

// Leaves out parts of one trial, as long as it has tries left.
class Smaller {
 public:
  Smaller(Trial trial, const std::function<bool(const Trial&)>& holds, std::size_t tries)
      : trial_(std::move(trial)), holds_(holds), tries_(tries) {}

  Trial run() {
    do {
      progress_ = false;
      drop_siblings();
      drop_names();
      shorten(trial_.key);
      for (std::size_t i = 0; i < trial_.siblings.size(); ++i) {
        shorten(trial_.siblings[i].value);
        if (trial_.siblings[i].base) shorten(*trial_.siblings[i].base);
      }
    } while (progress_ && tries_ > 0);
    return std::move(trial_);
  }

 private:
  // Keeps the trial as it is now if it still holds; takes `before` otherwise.
  bool keep(Trial before) {
    if (tries_ > 0 && (--tries_, holds_(trial_))) {
      progress_ = true;
      return true;
    }
    trial_ = std::move(before);
    return false;
  }

  void drop_siblings() {
    for (std::size_t i = trial_.siblings.size(); i-- > 0 && trial_.siblings.size() > 2;) {
      Trial before = trial_;
      trial_.siblings.erase(trial_.siblings.begin() + static_cast<std::ptrdiff_t>(i));
      keep(std::move(before));
    }
  }

  void drop_names() {
    const Trial before = trial_;
    trial_.prefix.clear();
    trial_.parts.clear();
    for (TrialSibling& each : trial_.siblings) each.region.clear();
    if (trial_ != before) keep(before);
    for (std::size_t i = 0; i < trial_.siblings.size(); ++i) {
      if (!trial_.siblings[i].base) continue;
      Trial with_base = trial_;
      trial_.siblings[i].base.reset();
      keep(std::move(with_base));
    }
  }

  // `bytes` is a part of the trial. Cuts out ever smaller stretches.
  void shorten(std::string& bytes) {
    for (std::size_t stretch = bytes.size(); stretch > 0; stretch /= 2) {
      for (std::size_t at = 0; at < bytes.size() && tries_ > 0;) {
        const std::string before = bytes;
        bytes.erase(at, stretch);
        if (--tries_, holds_(trial_)) {
          progress_ = true;
        } else {
          bytes = before;
          at += stretch;
        }
      }
    }
  }

  Trial trial_;
  const std::function<bool(const Trial&)>& holds_;
  std::size_t tries_;
  bool progress_ = false;
};

}  // namespace

Trial made_smaller(Trial trial, const std::function<bool(const Trial&)>& holds, std::size_t tries) {
  return Smaller(std::move(trial), holds, tries).run();
}

}  // namespace anabranch::plugins
