// The repository as the tidy test sees it: files by their path from the root.

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::tidy {

struct Source {
  std::string path;  // From the repository's root, with '/': "core/path.h".
  std::string text;

  // The path starts with `prefix`: "core/" is a folder, "core/codec." a pair of files.
  bool in(std::string_view prefix) const { return path.starts_with(prefix); }

  // The path ends with one of `endings`.
  bool ends_with(std::initializer_list<std::string_view> endings) const;

  // A C++ header or source file.
  bool is_cpp() const { return ends_with({".h", ".cc"}); }

  // Written by hand, line by line: C++, CMake or a shell script.
  bool is_code() const { return is_cpp() || ends_with({".sh", ".cmake", "CMakeLists.txt"}); }
};

using Repository = std::map<std::string, Source>;

// All files below `root`, without build trees and hidden folders (but with .ci). A file that is no
// text is there with an empty one.
Repository load_repository(const std::filesystem::path& root);

// The lines of `text`, without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

// `text` with the content of comments, string and character literals replaced by spaces; line
// breaks stay where they are.
std::string code_of(std::string_view text);

struct Include {
  std::size_t line;
  std::string name;
  bool quoted;  // "name" rather than <name>.
};

// The include directives of a C++ file.
std::vector<Include> includes_of(std::string_view text);

struct Function {
  std::size_t line;    // Of its opening brace.
  std::size_t length;  // In lines, both braces counted.
};

// The bodies of the functions and test cases of a C++ file; lambdas are part of their function.
std::vector<Function> functions_of(std::string_view text);

}  // namespace anabranch::tidy
