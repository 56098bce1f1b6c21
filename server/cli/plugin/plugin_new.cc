// `anabranch plugin new NAME`: writes the project of a conflict resolver into the folder NAME.

#include <filesystem>
#include <fstream>
#include <iostream>

#include "server/cli/command.h"
#include "server/cli/plugin/project.h"

namespace anabranch::server::cli {
namespace {

namespace fs = std::filesystem;

constexpr Argument kName{"NAME", Argument::Kind::kPositional, "",
                         "of the plugin, and of the folder to make"};

// Returns whether the file is written.
bool write(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return !error && file.good();
}

ExitCode run_plugin_new(const Arguments& arguments) {
  const std::string name = arguments.text(kName.name);
  if (!is_project_name(name)) {
    return print_error("\"" + name +
                           "\" is no name: 1 to 64 small letters, digits, '-' and '_', with a "
                           "letter at the front",
                       kUsage);
  }
  std::error_code ignored;
  if (fs::exists(name, ignored)) return print_error(name + " is there already");
  for (const ProjectFile& file : project_files(name)) {
    const fs::path path = fs::path(name) / file.path;
    if (!write(path, file.text)) return print_error(path.string() + " cannot be written");
  }
  std::cout << "next: cd " << name << " && make test    (clang, lld and make are needed)\n";
  return kClean;
}

}  // namespace

Command plugin_new_command() {
  return {"plugin new", "write the project of a conflict resolver", {kName}, run_plugin_new};
}

}  // namespace anabranch::server::cli
