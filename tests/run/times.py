"""tests/run.sh --times: the time of each part of builds and tests, as a table and as costs.txt."""
import collections
import json
import os
import pathlib

import costs
import trees

PAGE = pathlib.Path("docs/testing.md")
BEGIN, END = "<!-- times: begin -->", "<!-- times: end -->"
STORY = ("anabranch_server", "example_conflict_hook")
LARGEST = 12  # Targets in the table; the others are one row.
KINDS = ("tests/", "examples/", "bench/")


def measure(run):
    """Builds and tests the trees anew, each command below tests/timed.py, and prints the table."""
    began = costs.compile_reference()
    records = {}
    for tree in map(trees.Tree, run.options.presets):
        log = tree.folder / "times.jsonl"
        clean = ["cmake", "--build", tree.folder, "--target", "clean"]
        if run.configure(tree) and run.stage(f"{tree.preset} clean", clean).passed:
            log.unlink(missing_ok=True)
            if run.stage(f"{tree.preset} build", tree.build()).passed:
                run.test(tree)
        records[tree.preset] = read(log)
    ended = costs.compile_reference()
    text = page(records, trees.Tree("release").outputs(STORY), began, ended)
    print(text)
    if run.options.write and not run.stages.failed:
        write(records, text, began[0])


def read(log):
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def kind_of(record):
    """The row of the table by kinds."""
    output = record["output"]
    if record["kind"] == "link":
        return "links"
    if "verify_interface_header_sets" in output:
        return "header checks"
    if "anabranch_instrumented_" in output:
        return "instrumented layers"
    return next((kind.rstrip("/") for kind in KINDS if output.startswith(kind)), "product")


def costs_of(records):
    """{(tree, "build" or "test", target or label): Cost} of the records of each tree."""
    rows = collections.defaultdict(list)
    for tree, lines in records.items():
        for line in lines:
            what = "test" if line["kind"] == "test" else "build"
            rows[tree, what, line.get("label") or trees.target_of(line["output"])].append(line)
    return {key: costs.Cost(sum(line["cpu"] for line in lines), len(lines),
                            sum(line["wall"] for line in lines)) for key, lines in rows.items()}


def table(head, rows):
    """Rows of (name, core-seconds, pieces), the largest first, and a sum."""
    rows = sorted(rows, key=lambda row: -row[1])
    rest = rows[LARGEST:]
    if rest:
        rows = rows[:LARGEST] + [(f"{len(rest)} others", sum(row[1] for row in rest),
                                  sum(row[2] for row in rest))]
    rows.append(("**in all**", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"| {head} | core-seconds | number |", "|---|---|---|"]
    lines += [f"| {name} | {core:.0f} | {pieces} |" for name, core, pieces in rows]
    return "\n".join(lines)


def page(records, story, began, ended):
    """The generated part of docs/testing.md."""
    found = costs_of(records)
    parts = [f"The reference compile took {began[0]:.1f} core-seconds ({began[1]:.1f} by the "
             f"clock) at the beginning and {ended[0]:.1f} ({ended[1]:.1f}) at the end; "
             f"{trees.cores()} cores, load {os.getloadavg()[2]:.1f}."]
    for tree, lines in records.items():
        builds = [line for line in lines if line["kind"] != "test"]
        by_kind = collections.defaultdict(lambda: [0, 0])
        for line in builds:
            by_kind[kind_of(line)][0] += line["cpu"]
            by_kind[kind_of(line)][1] += 1
        rows = {what: [(name, cost.core, cost.pieces) for (of, kind, name), cost in found.items()
                       if (of, kind) == (tree, what)] for what in ("build", "test")}
        parts.append(table(f"`{tree}`, build by kind", [(k, *v) for k, v in by_kind.items()]))
        parts.append(table(f"`{tree}`, build by target",
                           [(f"`{name}`", *row) for name, *row in rows["build"]]))
        parts.append(table(f"`{tree}`, tests by label",
                           [(f"`{name}`", *row) for name, *row in rows["test"]]))
        if tree == "release":
            share = [line["cpu"] for line in builds if line["output"] in story]
            parts.append(f"The programs of the story, which are part of this: {sum(share):.0f} "
                         f"core-seconds, {len(share)} compilations and links.")
    return "\n\n".join(parts)


def write(records, text, reference):
    """Renews costs.txt and the part of the page between its marks."""
    known = costs.read()
    rows = {key: cost for key, cost in known.rows.items() if key[0] not in records}
    costs.FILE.write_text(costs.Costs(rows | costs_of(records), reference).text())
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
