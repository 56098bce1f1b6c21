// The files of a new plugin's project: a resolver in C, its cases, a Makefile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server::cli {

struct ProjectFile {
  std::string path;  // Below the folder of the project.
  std::string text;
};

// Returns whether a project can have this name: 1 to 64 small letters, digits, '-' and '_', with a
// letter at the front.
bool is_project_name(std::string_view name);

// Returns the files of a project. Built by `make` and tested by `make test`, with clang, lld and
// this program; it needs nothing of an installed package.
std::vector<ProjectFile> project_files(std::string_view name);

}  // namespace anabranch::server::cli
