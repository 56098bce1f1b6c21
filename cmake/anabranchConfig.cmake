# find_package(anabranch) defines anabranch::anabranch, a static library; what it stands on must be
# installed too, and is found by the same file that the build uses.
include(CMakeFindDependencyMacro)
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/anabranchTargets.cmake)
