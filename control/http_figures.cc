#include "control/http_figures.h"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/verbs/status_json.h"

namespace anabranch::control {
namespace {

// A directory, by any of its names.
using Place = std::pair<dev_t, ino_t>;

struct Places {
  std::mutex mutex;
  std::map<Place, std::weak_ptr<HttpFigures>> all;
};

Places& places() {
  static auto* const kept = new Places;
  return *kept;
}

Place place_of(const std::string& directory) {
  struct stat status = {};
  if (::stat(directory.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

std::shared_ptr<HttpFigures> present(const std::string& directory) {
  Places& known = places();
  const std::lock_guard lock(known.mutex);
  if (known.all.empty()) return nullptr;  // The usual case: no look at the disk.
  const auto found = known.all.find(place_of(directory));
  return found == known.all.end() ? nullptr : found->second.lock();
}

}  // namespace

std::shared_ptr<HttpFigures> http_figures(const std::string& directory) {
  Places& known = places();
  const Place place = place_of(directory);
  const std::lock_guard lock(known.mutex);
  std::erase_if(known.all, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<HttpFigures>& slot = known.all[place];
  std::shared_ptr<HttpFigures> figures = slot.lock();
  if (!figures) slot = figures = std::make_shared<HttpFigures>();
  return figures;
}

void describe_http(nlohmann::ordered_json& status, const std::string& directory) {
  const std::shared_ptr<HttpFigures> figures = present(directory);
  if (figures) status["http"] = to_json(figures->status());
}

}  // namespace anabranch::control
