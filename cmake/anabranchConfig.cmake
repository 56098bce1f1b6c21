# find_package(anabranch) defines anabranch::anabranch, a static library; what it stands on must be
# installed too, and is found by the same file that the build uses. With COMPONENTS http it also
# defines anabranch::http, which needs libwebsockets and prometheus-cpp.
include(CMakeFindDependencyMacro)
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/anabranchTargets.cmake)
if("http" IN_LIST anabranch_FIND_COMPONENTS)
  pkg_check_modules(WEBSOCKETS REQUIRED QUIET IMPORTED_TARGET libwebsockets)
  pkg_check_modules(PROMETHEUS REQUIRED QUIET IMPORTED_TARGET prometheus-cpp-core)
  include(${CMAKE_CURRENT_LIST_DIR}/anabranchHttpTargets.cmake)
endif()
