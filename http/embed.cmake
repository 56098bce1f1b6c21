# Writes a source file that holds files as bytes, for files.h:
#
#   cmake -DFROM=page -DTO=files.cc -P embed.cmake
file(GLOB files ${FROM}/*.html ${FROM}/*.js ${FROM}/*.css ${FROM}/*.svg)
set(text "// Written by embed.cmake.\n#include \"http/files.h\"\n\n")
string(APPEND text "namespace anabranch::http {\nnamespace {\n\n")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} digits HEX)
  string(REGEX REPLACE "(................................)" "\\1\n    " digits "${digits}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " digits "${digits}")
  # The last one is no part of it: an array has at least one byte.
  string(APPEND text "constexpr unsigned char kBytes${number}[] = {\n    ${digits}0};\n")
  string(APPEND rows "    PageFile{\"${name}\", {reinterpret_cast<const char*>(kBytes${number}), "
    "sizeof(kBytes${number}) - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\n}  // namespace\n\nstd::span<const PageFile> files() {\n")
string(APPEND text "  static const PageFile kFiles[] = {\n${rows}  };\n  return kFiles;\n}\n\n")
string(APPEND text "}  // namespace anabranch::http\n")
file(WRITE ${TO} "${text}")
