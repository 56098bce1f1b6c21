#!/bin/sh
# The output of tests/failed.sh for logs as ctest writes them.
set -eu
cd "$(dirname "$0")" || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/test" <<'END'
50% tests passed, 3 tests failed out of 6

The following tests did not run:
	  3 - bench/cost (Skipped)

The following tests FAILED:
	  1 - core/a (with more) (Failed)
	  2 - core/b (Not Run)
	  4 - sim/fresh_seeds (Timeout)
Errors while running CTest
END
cat >"$folder/last" <<'END'
1/6 Testing: core/a (with more)
1/6 Test: core/a (with more)
Command: "core_test"
Directory: /tmp
"core/a (with more)" start time: Nov 21 21:00
Output:
----------------------------------------------------------
[doctest] doctest version is "2.4.11"
===============================================================================
core_test.cc:10:
TEST CASE:  a

core_test.cc:12: ERROR: CHECK( 1 == 2 ) is NOT correct!
  values: CHECK( 1 == 2 )

[doctest] test cases: 1 | 0 passed
<end of output>
Test time =   0.01 sec
----------------------------------------------------------
5/6 Testing: core/c
Output:
ERROR: of another test
<end of output>
4/6 Testing: sim/fresh_seeds
Output:
line 1
seed 12
line 2
line 3
line 4
line 5
line 6
line 7
<end of output>
END
cat >"$folder/wanted" <<'END'
failed: core/a (with more)
  TEST CASE:  a
  core_test.cc:12: ERROR: CHECK( 1 == 2 ) is NOT correct!
  core_test.cc:10:
    values: CHECK( 1 == 2 )
failed: sim/fresh_seeds
  seed 12
  line 2
  line 3
  line 4
  line 5
  line 6
  line 7
END
./failed.sh "$folder/test" "$folder/last" >"$folder/said"
diff "$folder/wanted" "$folder/said"

# Nothing is said where none failed.
echo "100% tests passed, 0 tests failed out of 4" >"$folder/test"
[ -z "$(./failed.sh "$folder/test" "$folder/last")" ]
