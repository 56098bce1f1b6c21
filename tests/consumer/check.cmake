# Installs the build tree BUILD below it, builds the consumer against the installed package, and
# runs it:
#
#   cmake -DBUILD=build/release -P tests/consumer/check.cmake
cmake_path(ABSOLUTE_PATH BUILD NORMALIZE)
set(work ${BUILD}/consumer)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

foreach(step IN ITEMS
    "${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix"
    "${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/build
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${work}/prefix"
    "${CMAKE_COMMAND} --build ${work}/build"
    "${work}/build/consumer ${work}/data")
  separate_arguments(command UNIX_COMMAND ${step})
  execute_process(COMMAND ${command} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endforeach()
