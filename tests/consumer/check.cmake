# Installs the build tree BUILD below it, builds the consumer against the installed package, by
# CMake and by pkg-config alone, and runs it:
#
#   cmake -DBUILD=build/release -P tests/consumer/check.cmake
cmake_path(ABSOLUTE_PATH BUILD NORMALIZE)
set(work ${BUILD}/consumer)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

# As after a build of the program alone, which makes no pages of the manual.
set(program ${BUILD}/server/anabranch)
set(page ${BUILD}/packaging/anabranch.1)
if(EXISTS ${program})
  execute_process(COMMAND touch -d 2000-01-01 ${page} COMMAND_ERROR_IS_FATAL ANY)
endif()

foreach(step IN ITEMS
    "${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix"
    "${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/build
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${work}/prefix"
    "${CMAKE_COMMAND} --build ${work}/build"
    "${work}/build/consumer ${work}/data"
    "${work}/build/whole ${work}/whole_data"
    "${work}/build/http_consumer ${work}/data")
  separate_arguments(command UNIX_COMMAND ${step})
  execute_process(COMMAND ${command} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endforeach()

if(EXISTS ${program})
  if(${program} IS_NEWER_THAN ${page})
    message(FATAL_ERROR "the install has made no page of the manual")
  endif()
  foreach(name IN ITEMS man1/anabranch.1 man5/anabranch.toml.5)
    file(STRINGS ${work}/prefix/share/man/${name} title REGEX "^[.]TH " LIMIT_COUNT 1)
    if(NOT title)
      message(FATAL_ERROR "the install has no page ${name}")
    endif()
  endforeach()
endif()

# The story that `anabranch demo` tells: all parts that its script reads, where that looks for it.
if(EXISTS ${program})
  set(story ${work}/prefix/share/anabranch/story)
  file(STRINGS ${story}/demo.sh parts REGEX "^[.] ")
  list(LENGTH parts count)
  if(count LESS 5)
    message(FATAL_ERROR "the install has no story")
  endif()
  foreach(part IN LISTS parts)
    string(REGEX REPLACE "^.*/([a-z]+[.]sh).*$" "\\1" name "${part}")
    if(NOT EXISTS ${story}/${name})
      message(FATAL_ERROR "the install has no part ${name} of the story")
    endif()
  endforeach()
  execute_process(COMMAND env TMPDIR=${work}/nowhere ${work}/prefix/bin/anabranch demo
    ERROR_VARIABLE error)
  if(NOT error MATCHES "no folder can be made in")
    message(FATAL_ERROR "the installed program does not find its story: ${error}")
  endif()
endif()

# Sizes in MB: of the library, and of a program that embeds a store.
file(GLOB_RECURSE archive ${work}/prefix/libanabranch.a)
set(bounded ${archive} ${BUILD}/examples/hello)
set(bounds 25 10)
foreach(file bound IN ZIP_LISTS bounded bounds)
  file(SIZE ${file} bytes)
  message(STATUS "${file}: ${bytes} bytes")
  if(bytes GREATER ${bound}000000)
    message(FATAL_ERROR "${file} has more than ${bound} MB")
  endif()
endforeach()

# Without CMake. Where the libraries are depends on the machine (lib, lib/x86_64-linux-gnu).
find_program(pkg_config pkg-config REQUIRED)
file(GLOB_RECURSE pc ${work}/prefix/anabranch.pc)
cmake_path(GET pc PARENT_PATH pc_dir)
set(ENV{PKG_CONFIG_PATH} ${pc_dir})
set(packages anabranch anabranch anabranch_http anabranch)
set(sources main.cc whole.cc http.cc ../../examples/shop/shop.cc)
foreach(package source IN ZIP_LISTS packages sources)
  execute_process(COMMAND ${pkg_config} --cflags --libs ${package}
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  cmake_path(GET source STEM name)
  foreach(step IN ITEMS
      "c++ -std=c++20 -Wall -Wextra -Werror ${CMAKE_CURRENT_LIST_DIR}/${source} -o ${work}/plain"
      "${work}/plain ${work}/plain_${name}")
    separate_arguments(command UNIX_COMMAND ${step})
    if(step MATCHES "^c[+][+]")
      list(APPEND command ${flags})
    endif()
    execute_process(COMMAND ${command} WORKING_DIRECTORY ${work} COMMAND_ECHO STDOUT
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()
