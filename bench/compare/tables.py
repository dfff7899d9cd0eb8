"""Tables of Markdown, and what stands in their cells."""

from bench.compare.svg import number


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def spread(one: dict) -> str:
    if one["lowest"] == one["highest"]:
        return number(one["median"])
    return f"{number(one['median'])} ({number(one['lowest'])}–{number(one['highest'])})"
