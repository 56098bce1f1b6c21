#!/bin/sh
# The output of tests/not_run.sh for logs as cmake and ctest write them.
set -eu
cd "$(dirname "$0")" || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/configure" <<'END'
-- Found Threads: TRUE
-- left out: console: there is no node
-- Configuring done
END
cat >"$folder/test" <<'END'
 3/4 Test #3: bench/cost ...................***Skipped   0.10 sec

50% tests passed, 2 tests failed out of 4

Total Test time (real) =   0.20 sec

The following tests did not run:
	  3 - bench/cost (Skipped)
	 12 - server/a name (with more) (Skipped)

The following tests FAILED:
	  1 - core/a (Failed)
	  2 - core/b (Not Run)
Errors while running CTest
END
cat >"$folder/last" <<'END'
3/4 Testing: bench/cost
Output:
skipped: there is no valgrind
12/4 Testing: server/a name (with more)
Output:
MESSAGE: skipped: there is no redis-server
END
cat >"$folder/wanted" <<'END'
3 not run:
  bench/cost (Skipped): there is no valgrind
  core/b (Not Run)
  server/a name (with more) (Skipped): there is no redis-server
1 left out of the tree:
  console: there is no node
END
./not_run.sh "$folder/configure" "$folder/test" "$folder/last" >"$folder/said"
diff "$folder/wanted" "$folder/said"

# Where everything ran there is nothing to say.
echo "-- Configuring done" >"$folder/configure"
echo "100% tests passed, 0 tests failed out of 4" >"$folder/test"
[ -z "$(./not_run.sh "$folder/configure" "$folder/test" "$folder/last")" ]
