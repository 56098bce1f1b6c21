# What Anabranch stands on. All of it comes from Debian packages: see cmake/packages.sh.
# The package config (anabranchConfig.cmake) includes this file too, so the two never differ;
# what only the build needs is asked for in the build alone.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(cppzmq REQUIRED)
find_package(spdlog REQUIRED)
find_package(wabt REQUIRED)
pkg_check_modules(LMDB REQUIRED QUIET IMPORTED_TARGET lmdb)
pkg_check_modules(SODIUM REQUIRED QUIET IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED QUIET IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED QUIET IMPORTED_TARGET libxxhash)
