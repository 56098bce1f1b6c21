# The helpers of the build: one function per kind of target.
#
#   anabranch_layer(storage SOURCES memory_storage.cc USES core LINKS PkgConfig::LMDB)
#   anabranch_library(anabranch LAYERS core crdt storage transport regions)
#   anabranch_program(anabranch_server OUTPUT_NAME anabranch SOURCES main.cc USES server)
#   anabranch_test(storage_test SOURCES memory_storage_test.cc USES storage)
#   anabranch_check(story/three_regions LABEL story TIMEOUT 300 WAITS COMMAND three_regions.sh)
#
# A layer is one or two OBJECT libraries. Objects are not transitive in CMake: who links an object
# library gets its objects, but not those of the libraries below it. So each layer records what it
# uses; programs, tests and the library collect the objects of the whole closure.

include(${CMAKE_CURRENT_LIST_DIR}/tests.cmake)

# Compilation goes through ccache when there is one.
function(anabranch_use_ccache)
  find_program(CCACHE_PROGRAM ccache)
  mark_as_advanced(CCACHE_PROGRAM)
  if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM} PARENT_SCOPE)
  endif()
endfunction()

# Whether the objects of layers have copies of memory of their own (core/memory).
function(anabranch_find_own_copies)
  set(own OFF)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64"
      AND NOT ANABRANCH_SANITIZE)
    set(own ON)
  endif()
  set(ANABRANCH_OWN_COPIES ${own} PARENT_SCOPE)
endfunction()

# Compiles the target's files in groups of ANABRANCH_UNITY: parsing the headers and making the same
# templates again for each file is three quarters of the time. Files of one group share no names.
function(anabranch_unity target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  if(NOT ANABRANCH_UNITY OR NOT Python3_Interpreter_FOUND OR count LESS 2)
    return()
  endif()
  set(files ${sources})
  list(TRANSFORM files PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
  list(FILTER files INCLUDE REGEX "\\.cc$")
  list(FILTER files EXCLUDE REGEX "^${PROJECT_BINARY_DIR}/")  # Generated files are not there yet.
  list(JOIN files "\n" listed)
  file(WRITE ${PROJECT_BINARY_DIR}/unity/${target}.txt "${listed}\n")
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/unity_groups.py
      ${ANABRANCH_UNITY} ${files}
    OUTPUT_VARIABLE lines OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" lines "${lines}")
  foreach(line IN LISTS lines)
    string(REPLACE "\t" ";" fields "${line}")
    list(GET fields 0 group)
    list(GET fields 1 file)
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${target}_${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A local name may be a global one of another file, and types of unnamed namespaces are not in the
  # main file: the preset dev warns of both where it is wrong.
  target_compile_options(${target} PRIVATE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wshadow=local -Wno-subobject-linkage)
  endif()
endfunction()

function(anabranch_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(ANABRANCH_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports std::string's own concatenation (GCC bug 105651) and the moving of variants
    # (GCC bug 105562).
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
endfunction()

# Whoever links the target inside this build gets the sanitizers too; an installed package does not.
# Three checks of `undefined` are left out: they stand at each access to memory, and take a fifth of
# the time to compile; `address` finds what they find, but for misaligned accesses.
# A target whose property ANABRANCH_PLAIN is on is linked with sanitizers, and compiled without.
function(anabranch_sanitizers target)
  if(ANABRANCH_SANITIZE)
    set(options
      -fsanitize=${ANABRANCH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    if(ANABRANCH_SANITIZE MATCHES "address" AND NOT ANABRANCH_SANITIZE_ALL)
      list(APPEND options -fno-sanitize=null,alignment,object-size)
    endif()
    set(plain $<BOOL:$<TARGET_PROPERTY:ANABRANCH_PLAIN>>)
    target_compile_options(${target} PRIVATE "$<$<NOT:${plain}>:${options}>")
    target_link_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${ANABRANCH_SANITIZE}>)
  endif()
endfunction()

# The sources of these targets are compiled without `address`, which takes half of the time: they
# call the product, whose objects are instrumented. Both may have a copy of an inline function; the
# linker takes the one of the product, whose objects come first (tests/overflow holds it). Tests
# whose own objects have much of the product, as templates, are not plain.
function(anabranch_plain)
  if(ANABRANCH_SANITIZE MATCHES "address")
    set_target_properties(${ARGV} PROPERTIES ANABRANCH_PLAIN ON)
  endif()
endfunction()

# The house rules of compilation. The repository's root and include/ are the only include
# directories: with -Istorage, <lmdb.h> could find a file of ours.
function(anabranch_rules target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  anabranch_warnings(${target})
  anabranch_sanitizers(${target})
  anabranch_unity(${target})
endfunction()

# Defines the layer `name`. USES are layers below it, LINKS are foreign targets. COLD sources run
# once a command, never in the paths of a write or a read: they are optimised less, a library of
# their own, since an option of a file would take it out of its group.
# A layer without sources is an INTERFACE library: it may be used, and has no objects.
# Sources with marks or planted bugs are a library of their own, which the simulator has with marks
# and bugs, and the product without: `anabranch_instrumented_<name>`, `anabranch_marked_<name>`.
function(anabranch_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;COLD;USES;LINKS")
  set(closure ${name})
  foreach(layer IN LISTS arg_USES)
    get_property(below GLOBAL PROPERTY ANABRANCH_LAYERS_OF_${layer})
    if(NOT below)
      message(FATAL_ERROR "layer ${name} uses ${layer}, which is not defined before it")
    endif()
    list(APPEND closure ${below})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_property(GLOBAL PROPERTY ANABRANCH_LAYERS_OF_${name} ${closure})
  set_property(GLOBAL PROPERTY ANABRANCH_LINKS_OF_${name} ${arg_LINKS} Threads::Threads)

  if(NOT arg_SOURCES)
    add_library(anabranch_layer_${name} INTERFACE)
    return()
  endif()
  foreach(source IN LISTS arg_SOURCES)
    set(marks)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      file(STRINGS ${source} marks REGEX "^#include \"core/(mark|planted_bug).h\"" LIMIT_COUNT 1)
    endif()
    if(marks)
      list(APPEND marked ${source})
    else()
      list(APPEND plain ${source})
    endif()
  endforeach()
  anabranch_objects(anabranch_layer_${name} SOURCES ${plain} LINKS ${arg_LINKS})
  if(arg_COLD)
    anabranch_objects(anabranch_cold_${name} SOURCES ${arg_COLD} LINKS ${arg_LINKS})
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
      target_compile_options(anabranch_cold_${name} PRIVATE -O1)
    endif()
  endif()
  if(marked AND ANABRANCH_SANITIZE)  # Compiled once there: such a tree is for tests.
    anabranch_objects(anabranch_instrumented_${name} SOURCES ${marked} LINKS ${arg_LINKS})
    add_library(anabranch_marked_${name} ALIAS anabranch_instrumented_${name})
  elseif(marked)
    anabranch_objects(anabranch_marked_${name} SOURCES ${marked} LINKS ${arg_LINKS})
    anabranch_objects(anabranch_instrumented_${name} SOURCES ${marked} LINKS ${arg_LINKS})
    set_target_properties(anabranch_instrumented_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  if(marked)
    target_compile_definitions(anabranch_instrumented_${name} PRIVATE ANABRANCH_PLANTED_BUGS)
  endif()
endfunction()

# Defines the OBJECT library `name`, whose objects may become part of anything.
function(anabranch_objects name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  add_library(${name} OBJECT ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  anabranch_rules(${name})
  if(ANABRANCH_OWN_COPIES)
    target_compile_options(${name} PRIVATE
      "SHELL:-include ${PROJECT_SOURCE_DIR}/core/memory/own_copies.h")
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LINKS} Threads::Threads)
endfunction()

# Links `target` with the objects of LAYERS, of all layers below them, and with what these link.
# INSTRUMENTED: the objects have marks and planted bugs. WITHOUT: a pattern of objects to leave out.
function(anabranch_link_layers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTRUMENTED" "WITHOUT" "LAYERS")
  foreach(layer IN LISTS arg_LAYERS)
    get_property(below GLOBAL PROPERTY ANABRANCH_LAYERS_OF_${layer})
    if(NOT below)
      message(FATAL_ERROR "${target} uses the layer ${layer}, which is not defined")
    endif()
    list(APPEND closure ${below})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set(variant marked)
  if(arg_INSTRUMENTED)
    set(variant instrumented)
  endif()
  foreach(layer IN LISTS closure)
    get_property(links GLOBAL PROPERTY ANABRANCH_LINKS_OF_${layer})
    foreach(library IN ITEMS
        anabranch_layer_${layer} anabranch_cold_${layer} anabranch_${variant}_${layer})
      set(type)
      if(TARGET ${library})
        get_target_property(type ${library} TYPE)
      endif()
      set(objects $<TARGET_OBJECTS:${library}>)
      if(arg_WITHOUT)
        set(objects $<FILTER:${objects},EXCLUDE,${arg_WITHOUT}>)
      endif()
      if(type STREQUAL "OBJECT_LIBRARY")
        target_sources(${target} PRIVATE ${objects})
      endif()
    endforeach()
    foreach(link IN LISTS links)
      # Header-only helpers of ours (anabranch_msgpack) are not part of an installed package.
      if(NOT link MATCHES "^anabranch_")
        target_link_libraries(${target} PRIVATE ${link})
      endif()
    endforeach()
  endforeach()
endfunction()

# In optimised trees an archive keeps the names of functions and no lines for a debugger, which are
# five sixths of its size and would be in each program that embeds a store.
function(anabranch_small_archive target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_OBJCOPY)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_OBJCOPY} --strip-debug $<TARGET_FILE:${target}> VERBATIM)
  endif()
endfunction()

# Defines the static library `name`, made of the objects of LAYERS and of all layers below them.
function(anabranch_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LAYERS")
  file(CONFIGURE OUTPUT empty.cc CONTENT "// The library is made of its layers' objects.\n")
  add_library(${name} STATIC ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
  add_library(${name}::${name} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_20)
  anabranch_sanitizers(${name})
  anabranch_small_archive(${name})
  anabranch_link_layers(${name} LAYERS ${arg_LAYERS})
endfunction()

# Defines an executable that sees the layers USES. Without sources it is left out.
function(anabranch_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT_NAME" "SOURCES;USES;LINKS")
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  anabranch_rules(${name})
  target_link_libraries(${name} PRIVATE ${arg_LINKS})
  anabranch_link_layers(${name} LAYERS ${arg_USES})
  if(arg_OUTPUT_NAME)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${arg_OUTPUT_NAME})
  endif()
endfunction()

# For this folder and those below, whose programs nobody ships: in optimised trees they have no
# lines for a debugger, which take a tenth of the time to compile and most of the time to link. The
# preset dev has them.
function(anabranch_unshipped_folder)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  add_compile_options(-g0)
  add_link_options(-Wl,--strip-debug)
  find_program(LLD_PROGRAM ld.lld)
  mark_as_advanced(LLD_PROGRAM)
  if(LLD_PROGRAM)
    add_link_options(-fuse-ld=lld)
  endif()
endfunction()

# Assertions take long to optimise and hardly run: half of the time to compile a test. An exception
# inside a CHECK ends its case: there is no handler at each assertion.
function(anabranch_test_speed target)
  target_compile_definitions(${target} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
  if(ANABRANCH_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -Og)
  endif()
endfunction()

# Defines a doctest program. An entry of ctest is a source file with cases, `<label>/<file>`,
# labelled LABEL (by default the name without `_test`): a program takes long to start, and there are
# thousands of cases. WAITS: for disks and peers, most of the time. TIMEOUT is that of one case, in
# seconds (600). A case that cannot run here says MESSAGE("skipped: WHY") and returns. doctest is
# content when nothing matches; the entry is not. PLAIN: see anabranch_plain.
function(anabranch_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN;WAITS" "LABEL;TIMEOUT" "SOURCES;USES;LINKS")
  if(NOT arg_SOURCES)
    return()
  endif()
  if(NOT arg_LABEL)
    string(REGEX REPLACE "_test$" "" arg_LABEL ${name})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  anabranch_program(${name}
    SOURCES ${arg_SOURCES}
    USES ${arg_USES}
    LINKS anabranch_test_main doctest::doctest ${arg_LINKS})
  anabranch_test_speed(${name})
  if(arg_PLAIN)
    anabranch_plain(${name})
  endif()
  anabranch_label(${arg_LABEL} ${name})
  anabranch_timed(timed test ${arg_LABEL} ${name})
  set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${timed}")
  if(arg_WAITS)
    anabranch_slots(WAITS slots)
  else()
    anabranch_slots(COMPUTES slots)
  endif()
  anabranch_test_files(${name} LABEL ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} SLOTS ${slots}
    SOURCES ${arg_SOURCES} LINKS ${arg_LINKS})
  if(NOT case_by_case)
    return()
  endif()
  doctest_discover_tests(${name}
    TEST_SPEC ${case_by_case}
    TEST_PREFIX "${arg_LABEL}/"
    PROPERTIES
      LABELS ${arg_LABEL}
      TIMEOUT ${arg_TIMEOUT}
      PROCESSORS ${slots}
      FAIL_REGULAR_EXPRESSION "test cases: +0 "
      SKIP_REGULAR_EXPRESSION "MESSAGE: skipped: ")
endfunction()

# Adds an entry `<label>/<file>` for each source with cases, of the program and of the object
# libraries that it links. Files whose cases may be skipped stay out: one skipped case would hide
# the failures of the others. The caller's `case_by_case` selects these for doctest_discover_tests,
# which makes an entry `<label>/<case>` of each case.
function(anabranch_test_files name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT;SLOTS" "SOURCES;LINKS")
  math(EXPR timeout "3 * ${arg_TIMEOUT}")
  set(files)
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    list(APPEND files ${source})
  endforeach()
  foreach(link IN LISTS arg_LINKS)
    set(type)
    if(TARGET ${link})
      get_target_property(type ${link} TYPE)
    endif()
    if(type STREQUAL "OBJECT_LIBRARY")
      get_target_property(sources ${link} SOURCES)
      get_target_property(folder ${link} SOURCE_DIR)
      foreach(source IN LISTS sources)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} NORMALIZE)
        list(APPEND files ${source})
      endforeach()
    endif()
  endforeach()
  set(skippable)
  foreach(source IN LISTS files)
    file(STRINGS ${source} cases REGEX "^ *TEST_CASE" LIMIT_COUNT 1)
    file(STRINGS ${source} skips REGEX "MESSAGE\\(\"skipped: " LIMIT_COUNT 1)
    if(skips)
      list(APPEND skippable ${source})
    elseif(cases)
      cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests
        OUTPUT_VARIABLE file)
      add_test(NAME ${arg_LABEL}/${file} COMMAND ${name} --source-file=${source})
      set_tests_properties(${arg_LABEL}/${file} PROPERTIES
        LABELS ${arg_LABEL}
        TIMEOUT ${timeout}
        PROCESSORS ${arg_SLOTS}
        FAIL_REGULAR_EXPRESSION "test cases: +0 ")
    endif()
  endforeach()
  set(case_by_case)
  if(skippable)
    list(JOIN skippable "," skippable)
    set(case_by_case "*" "--source-file=${skippable}")
  endif()
  set(case_by_case ${case_by_case} PARENT_SCOPE)
endfunction()

# Says that a part of the tests is not in this tree, and why; tests/run.sh counts it.
function(anabranch_left_out name why)
  message(STATUS "left out: ${name}: ${why}")
endfunction()

# Adds the ctest entry `name`, a command of any kind, labelled LABEL and stopped after three times
# TIMEOUT seconds: a slow machine, or a sanitizer, may need that. It runs in the repository's root
# and finds the programs of this build tree below $ANABRANCH_TEST_BUILD. A command that cannot run
# here prints `skipped: WHY` and ends with 77.
# WAITS: it hardly computes. WHOLE: it computes on all cores. MEASURES: nothing else runs meanwhile.
# LOCK: no two entries of one lock run at once; `ports` are those that examples listen on, `tree` is
# for commands that read the whole build tree and write beside it.
function(anabranch_check name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WAITS;WHOLE;MEASURES" "LABEL;TIMEOUT;LOCK" "COMMAND")
  set(kind COMPUTES)
  if(arg_WAITS)
    set(kind WAITS)
  elseif(arg_WHOLE)
    set(kind ALL)
  endif()
  anabranch_slots(${kind} slots)
  anabranch_timed(timed test ${arg_LABEL} ${name})
  list(GET arg_COMMAND 0 program)
  if(timed AND TARGET "${program}")
    list(TRANSFORM arg_COMMAND REPLACE "(.+)" "$<TARGET_FILE:\\1>" AT 0)
  endif()
  add_test(NAME ${name} COMMAND ${timed} ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  anabranch_label(${arg_LABEL} ${arg_COMMAND})
  math(EXPR timeout "3 * ${arg_TIMEOUT}")
  set(labels ${arg_LABEL})
  if(arg_MEASURES)
    list(APPEND labels measures)
  endif()
  set_tests_properties(${name} PROPERTIES
    LABELS "${labels}"
    TIMEOUT ${timeout}
    COST ${arg_TIMEOUT}  # The longest begin first, so that none runs alone at the end.
    PROCESSORS ${slots}
    RUN_SERIAL ${arg_MEASURES}
    RESOURCE_LOCK "${arg_LOCK}"
    SKIP_RETURN_CODE 77
    ENVIRONMENT ANABRANCH_TEST_BUILD=${PROJECT_BINARY_DIR})
endfunction()
