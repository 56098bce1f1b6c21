"""The calls of a client program, a line each: `ok NAME`, or `failed NAME: WHY`."""


def call(name, do, expected=None):
    """Runs a call. Its result must be `expected`, or be accepted by it if it is a function."""
    try:
        result = do()
        right = expected(result) if callable(expected) else result == expected
        why = "" if right else f"gave {result!r}"
    except Exception as error:  # pylint: disable=broad-except  # Clients have many of their own.
        right, why = False, f"{type(error).__name__}: {error}"
    said = " ".join(why.split())[:300]
    print(f"ok {name}" if right else f"failed {name}: {said}", flush=True)
