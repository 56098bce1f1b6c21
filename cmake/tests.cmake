# How entries of ctest share a machine, and how they are measured. Included by anabranch.cmake.
#
# `ctest -j` counts slots, three for each core and two more (tests/run.sh, and the presets for two
# cores). An entry that computes takes three, so that one runs on each core and two slots are left
# for those that mostly wait, which take few.
include(ProcessorCount)
option(ANABRANCH_TEST_TIMES "Measure each compilation, link and test (tests/run.sh --times)")

# Sets `out` to the slots of an entry: COMPUTES, WAITS, or ALL of the machine.
function(anabranch_slots kind out)
  ProcessorCount(cores)
  math(EXPR all "3 * ${cores} + 2")
  set(slots 3)
  if(kind STREQUAL "ALL")
    set(slots ${all})
  elseif(kind STREQUAL "WAITS")
    math(EXPR slots "(${cores} + 7) / 8")
  endif()
  set(${out} ${slots} PARENT_SCOPE)
endfunction()

# Sets `out` to the words in front of a command whose time is measured, or to nothing.
function(anabranch_timed out)
  set(words)
  if(ANABRANCH_TEST_TIMES)
    set(words
      python3 ${PROJECT_SOURCE_DIR}/tests/timed.py ${PROJECT_BINARY_DIR}/times.jsonl ${ARGN})
  endif()
  set(${out} ${words} PARENT_SCOPE)
endfunction()

# Measures compilations and links, in place of ccache.
macro(anabranch_time_builds)
  if(ANABRANCH_TEST_TIMES)
    anabranch_timed(CMAKE_CXX_COMPILER_LAUNCHER compile)
    anabranch_timed(CMAKE_CXX_LINKER_LAUNCHER link)
  endif()
endmacro()

# Makes `programs` part of the target `label_<label>`: `cmake --build build/dev --target label_crdt`
# builds the programs of these entries of ctest and nothing else.
function(anabranch_label label)
  if(NOT TARGET label_${label})
    add_custom_target(label_${label})
  endif()
  foreach(word IN LISTS ARGN)
    string(REGEX REPLACE "^\\$<TARGET_FILE:(.*)>$" "\\1" word "${word}")
    if(TARGET "${word}")
      add_dependencies(label_${label} ${word})
    endif()
  endforeach()
endfunction()
