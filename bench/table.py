"""The table of figures: rows, and in each row the sides that are compared."""

import statistics

from goals import AT_LEAST


class Table:
    """Rows in the order of their first sample; each has sides, the first being the baseline. The
    goals are by row: goals.py."""

    def __init__(self, goals):
        self.goals = goals
        self.rows = {}

    def add(self, row, side, unit, value):
        self.rows.setdefault(row, {}).setdefault((side, unit), []).append(value)

    def ratio(self, row, side):
        """The median over the rounds of this side against the first; None for the first."""
        sides = list(self.rows[row].items())
        baseline = sides[0][1]
        samples = self.rows[row][side]
        if side == sides[0][0] or len(samples) != len(baseline):
            return None
        return statistics.median(ours / theirs for ours, theirs in zip(samples, baseline))

    def print(self):
        line = "{:<52}{:<27}{:>11}{:>11}{:>11}  {:<12}{:>6}  {}".format
        print(line("what", "by", "minimum", "median", "maximum", "unit", "ratio", "goal").rstrip())
        for row, sides in self.rows.items():
            name = row
            for side, samples in sides.items():
                ratio = self.ratio(row, side)
                is_last = side == list(sides)[-1]
                print(line(name, side[0], figure(min(samples)),
                           figure(statistics.median(samples)), figure(max(samples)), side[1],
                           "" if ratio is None else f"{ratio:.2f}",
                           self.goal_text(row) if is_last else "").rstrip())
                name = ""

    def goal_text(self, row):
        if row not in self.goals:
            return ""
        _, direction, bound = self.goals[row]
        missed = ", missed" if self.reaches(row) is False else ""
        return f"{direction} {bound:,g}{missed}"

    def reaches(self, row):
        """Whether the last side of a row reaches its goal; None where its counterpart is missing."""
        kind, direction, bound = self.goals[row]
        side = list(self.rows[row])[-1]
        value = (self.ratio(row, side) if kind == "ratio"
                 else statistics.median(self.rows[row][side]))
        if value is None:
            return None
        return value >= bound if direction == AT_LEAST else value <= bound

    def print_goals(self):
        if not self.goals:
            return
        reached = [self.reaches(row) for row in self.rows if row in self.goals]
        print(f"\ngoals: {reached.count(True)} reached, {reached.count(False)} missed, "
              f"{len(self.goals) - reached.count(True) - reached.count(False)} not measured")


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
