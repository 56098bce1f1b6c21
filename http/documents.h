// Answers with the documents as a site: files of one folder, where the package anabranch-doc has
// put them. A file is read with each request for it, so the package may come and go meanwhile.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "http/request.h"

namespace anabranch::http {

// Thread-safe.
class Documents {
 public:
  // Empty: there are none.
  explicit Documents(std::string folder) : folder_(std::move(folder)) {}

  // Whether they are there now.
  [[nodiscard]] bool are_there() const;
  // Returns the answer to a path at "/docs", or below it; none to all others. A path that leads out
  // of the folder, by its names or by links of the file system, has no file. Reads at most 4 MiB.
  [[nodiscard]] std::optional<Answer> at(const Request& request) const;

 private:
  [[nodiscard]] Answer file(const std::string& name, const Request& request) const;

  const std::string folder_;
};

// Where the package puts them, beside a program that a package has put into PREFIX/bin:
// PREFIX/share/doc/anabranch-doc/html. Empty if the system does not tell where this program is.
std::string installed_documents();

}  // namespace anabranch::http
