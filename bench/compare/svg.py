"""Charts as SVG: bars and lines, in the reader's light or dark mode.

By hand, because two libraries were tried and neither does as much: these are 4 to 9 KB, follow the reader's mode by one
style sheet, and are the same bytes for the same results. matplotlib 3.11 writes 11 to 25 KB in fixed colours and brings
200 MB of packages; pygal 3.1 writes 20 to 126 KB, with a random id in each file.
"""

import math
from html import escape

WIDTH = 760
LIGHT = {
    "text": "#1f2328",
    "muted": "#59636e",
    "grid": "#d8dee4",
    "paper": "#ffffff",
    "other": "#afb8c1",
    "anchor": "#0969da",
    "anchor-started": "#54aeff",
    "curl": "#bc4c00",
    "curl-multi": "#d4a72c",
    "ureq": "#8250df",
    "floor": "#818b98",
    "python": "#1a7f37",
    "node": "#bf3989",
}
DARK = {
    "text": "#f0f6fc",
    "muted": "#9198a1",
    "grid": "#30363d",
    "paper": "#0d1117",
    "other": "#59636e",
    "anchor": "#4493f8",
    "anchor-started": "#a5d6ff",
    "curl": "#f0883e",
    "curl-multi": "#e3b341",
    "ureq": "#ab7df8",
    "floor": "#9198a1",
    "python": "#3fb950",
    "node": "#f778ba",
}


def colours(of: dict[str, str]) -> str:
    rules = [f"text, .of-text {{ fill: {of['text']}; stroke: {of['text']} }}"]
    return "\n    ".join(
        rules + [f".of-{name} {{ fill: {value}; stroke: {value} }}" for name, value in of.items() if name != "text"]
    )


STYLE = f"""
    text {{ font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums }}
    .title {{ font-size: 16px }} .title, .ours {{ font-weight: 600 }}
    {colours(LIGHT)}
    @media (prefers-color-scheme: dark) {{
    {colours(DARK)}
    }}
    text, rect, circle, .area {{ stroke: none !important }}
    .line {{ fill: none !important; stroke-width: 2; stroke-linejoin: round }}
"""


def number(value: float) -> str:
    """Three digits, with commas between thousands."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


class Drawing:
    def __init__(self, title: str, subtitle: str, height: int):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(title)}">',
            f"  <style>{STYLE}  </style>",
        ]
        self.text(0, 18, title, "title")
        self.text(0, 38, subtitle, "of-muted")

    def add(self, element: str) -> None:
        self.parts.append(f"  {element}")

    def text(self, x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> None:
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>')

    def stroke(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="{kind}"/>')

    def svg(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])


def bars(title: str, subtitle: str, groups: list[tuple[str, list[dict]]], limit: float) -> str:
    """Each bar: {key, label, value, low, high, note}. A bar beyond the limit is cut; its value stands beside it."""
    left, right, row, head = 170, WIDTH - 130, 24, 30
    height = 50 + sum(head + row * len(bars) for _, bars in groups)
    drawing = Drawing(title, subtitle, height)
    y = 50.0
    for name, group in groups:
        if name:
            drawing.text(0, y + 18, name, "of-muted")
        y += head if name else 8
        drawing.stroke(left, y - 4, left, y + row * len(group) - 2, "of-grid")
        for bar in group:
            draw_bar(drawing, bar, y, left, right, limit)
            y += row
    return drawing.svg()


def draw_bar(drawing: Drawing, bar: dict, y: float, left: float, right: float, limit: float) -> None:
    end = left + (right - left) * min(bar["value"] / limit, 1)
    ours, colour = ("ours", "anchor") if bar["key"] == "anchor" else ("", "other")
    drawing.text(left - 8, y + 13, bar["label"], ours, "end")
    drawing.add(f'<rect x="{left}" y="{y:.1f}" width="{end - left:.1f}" height="16" rx="2" class="of-{colour}"/>')
    if bar["value"] > limit:
        cut = end - 26
        drawing.add(f'<path d="M{cut} {y - 1:.1f}l6 0l-5 18l-6 0z" class="area of-paper"/>')
    elif bar.get("low") is not None:
        scale = (right - left) / limit
        low, high = left + bar["low"] * scale, min(left + bar["high"] * scale, right)
        drawing.stroke(low, y + 8, high, y + 8, "of-text")
        end = max(end, high)
    drawing.text(end + 6, y + 13, bar["note"], ours)


def lines(
    title: str,
    subtitle: str,
    series: list[dict],
    x_ticks: list[tuple[float, str]],
    y_ticks: list[tuple[float, str]],
    x_title: str,
) -> str:
    """Each: {key, label, points}, in the units of the ticks; the first and last tick are the edges.
    Each name stands at the end of its line."""
    left, right, top, bottom, height = 74, WIDTH - 190, 60, 330, 374
    drawing = Drawing(title, subtitle, height)
    (x_low, *_, x_high), (y_low, *_, y_high) = ([at for at, _ in ticks] for ticks in (x_ticks, y_ticks))

    def place(x: float, y: float) -> tuple[float, float]:
        across = left + (right - left) * (x - x_low) / (x_high - x_low)
        return across, bottom - (bottom - top) * (min(max(y, y_low), y_high) - y_low) / (y_high - y_low)

    for at, label in y_ticks:
        _, y = place(x_low, at)
        drawing.stroke(left, y, right, y, "of-grid")
        drawing.text(left - 8, y + 4, label, "of-muted", "end")
    for at, label in x_ticks:
        x, _ = place(at, y_low)
        drawing.text(x, bottom + 20, label, "of-muted", "middle")
    drawing.text((left + right) / 2, bottom + 40, x_title, "of-muted", "middle")
    ends = []
    for one in sorted(series, key=lambda one: one["key"] == "anchor"):
        placed = [place(x, y) for x, y in one["points"]]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        drawing.add(f'<path d="M{path}" class="line of-{one["key"]}"/>')
        if len(placed) < 10:
            for x, y in placed:
                drawing.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" class="of-{one["key"]}"/>')
        ends.append([placed[-1][1], placed[-1][0], one])
    ends.sort(key=lambda end: end[0])
    for y, (_, x, one) in zip(apart([end[0] for end in ends]), ends):
        ours = " ours" if one["key"] == "anchor" else ""
        drawing.text(x + 10, y + 4, one["label"], f"of-{one['key']}{ours}")
    return drawing.svg()


def apart(places: list[float], gap: float = 16) -> list[float]:
    """Sorted positions, moved so that names do not overlap."""
    moved = list(places)
    for _ in range(200):
        for i in range(len(moved) - 1):
            overlap = gap - (moved[i + 1] - moved[i])
            if overlap > 0.01:
                moved[i] -= overlap / 2
                moved[i + 1] += overlap / 2
    return moved


def logarithmic(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(math.log10(x), math.log10(y)) for x, y in points]
