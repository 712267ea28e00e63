"""The result as pictures: SVG that reads on light and dark ground, without any library."""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import escape

from comparing import report

Result = dict[str, Any]
PANEL_WIDTH, LABEL_WIDTH, VALUE_WIDTH, ROW, TOP = 470, 160, 96, 24, 34
MARGIN = 18
STYLE = """
text { font: 13px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328; }
.ground { fill: #ffffff; } .title { font-weight: 600; } .head { font-size: 16px; font-weight: 600; }
.soft { fill: #59636e; font-size: 12px; } .grid { stroke: #d1d9e0; }
.logstore { fill: #0969da; } .durable { fill: #8c959f; } .not-durable { fill: #d8c28a; }
.floor { fill: none; stroke: #8c959f; stroke-dasharray: 3 2; }
.line { stroke: #8c959f; stroke-width: 2; } .line.logstore { stroke: #0969da; } .line.not-durable { stroke: #bf9b30; }
.durable.mark { fill: #59636e; } .not-durable.mark { fill: #bf9b30; } .floor.mark { fill: #8c959f; stroke: none; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .ground { fill: #0d1117; } .soft { fill: #9198a1; }
.logstore { fill: #4493f8; } .durable { fill: #656c76; } .not-durable { fill: #6e5b22; } .floor { stroke: #9198a1; fill: none; }
.line { stroke: #656c76; } .line.logstore { stroke: #4493f8; } .line.not-durable { stroke: #9e8232; } .grid { stroke: #3d444d; }
.durable.mark { fill: #9198a1; } .not-durable.mark { fill: #c9a94f; } .floor.mark { fill: #9198a1; stroke: none; }
}
"""


def kind_of(key: str) -> str:
    return {"logstore": "logstore", "kafka": "not-durable", "floor": "floor"}.get(key, "durable")


def text(x: float, y: float, what: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{named} text-anchor="{anchor}">{escape(what)}</text>'


def label_of(result: Result, key: str) -> str:
    server = result["servers"][key]
    return server["name"] + (", fsync" if server["note"] else "")


def bars(result: Result, load: str, x: float, y: float) -> tuple[str, float]:
    """One panel: a bar for each server, and its height."""
    rule = report.LOADS[load]
    values = {key: report.median_of(result, key, load, rule.main) for key in result["servers"]}
    values = {key: value for key, value in values.items() if value is not None}
    highest = max(values.values(), default=1)
    out = [text(x, y + 16, rule.title, "title"), text(x + PANEL_WIDTH - MARGIN, y + 16, rule.unit, "soft", "end")]
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH
    for row, (key, value) in enumerate(values.items()):
        at = y + TOP + row * ROW
        width = max(1.5, value / highest * room)
        out.append(text(x + LABEL_WIDTH - 8, at + 13, label_of(result, key), "title" if key == "logstore" else "", "end"))
        out.append(f'<rect class="{kind_of(key)}" x="{x + LABEL_WIDTH}" y="{at}" width="{width:.1f}" height="{ROW - 7}" rx="2"/>')
        out.append(text(x + LABEL_WIDTH + width + 6, at + 13, report.short(value)))
    return "\n".join(out), TOP + len(values) * ROW + 14


def plain(us: float) -> str:
    """Milliseconds, two or three figures."""
    ms = us / 1000
    return f"{ms:.2f}" if ms < 1 else f"{ms:.1f}" if ms < 10 else f"{ms:,.0f}"


def ranges(result: Result, load: str, x: float, y: float) -> tuple[str, float]:
    """One panel: from the median to the 99th percentile of each server, on a scale of powers of ten."""
    rows = {key: (report.median_of(result, key, load, "p50_us"), report.median_of(result, key, load, "p99_us"))
            for key in result["servers"]}
    rows = {key: (low, high) for key, (low, high) in rows.items() if low and high}
    first = math.floor(math.log10(min((low for low, _ in rows.values()), default=100)))
    last = max(first + 1, math.ceil(math.log10(max((high for _, high in rows.values()), default=1000))))
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 24

    def place(us: float) -> float:
        return x + LABEL_WIDTH + (math.log10(us) - first) / (last - first) * room

    bottom = y + TOP + len(rows) * ROW
    out = [text(x, y + 16, report.LOADS[load].title, "title")]
    for power in range(first, last + 1):
        at = place(10 ** power)
        out.append(f'<line class="grid" x1="{at:.1f}" y1="{y + TOP - 6}" x2="{at:.1f}" y2="{bottom}"/>')
        if (power - first) % (1 if last - first <= 4 else 2) != 0:
            continue  # no room for its name
        scale = f"{10 ** power / 1000:g} ms" if power < 6 else f"{10 ** power // 10 ** 6} s"
        out.append(text(at, bottom + 13, scale, "soft", "middle"))
    for row, (key, (low, high)) in enumerate(rows.items()):
        middle, kind = y + TOP + row * ROW + 8, kind_of(key)
        out.append(text(x + LABEL_WIDTH - 8, middle + 5, label_of(result, key), "title" if key == "logstore" else "", "end"))
        out.append(f'<line class="line {kind}" x1="{place(low):.1f}" y1="{middle}" x2="{place(high):.1f}" y2="{middle}"/>')
        out.append(f'<circle class="{kind} mark" cx="{place(low):.1f}" cy="{middle}" r="4.5"/>')
        out.append(f'<rect class="{kind} mark" x="{place(high) - 1.5:.1f}" y="{middle - 6}" width="3" height="12"/>')
        out.append(text(place(high) + 8, middle + 5, f"{plain(low)} – {plain(high)}"))
    return "\n".join(out), TOP + len(rows) * ROW + 34


def page(head: str, sentences: list[str], panels: list[tuple[str, float]]) -> str:
    """Panels in two columns; each was drawn at the origin."""
    out, y = [text(MARGIN, 30, head, "head")], 38.0
    for sentence in sentences:
        y += 16
        out.append(text(MARGIN, y, sentence, "soft"))
    y += 18
    for left in range(0, len(panels), 2):
        pair = panels[left:left + 2]
        for column, (drawn, _) in enumerate(pair):
            out.append(f'<g transform="translate({MARGIN + column * (PANEL_WIDTH + MARGIN)} {y:.0f})">\n{drawn}\n</g>')
        y += max(height for _, height in pair)
    width, height = 3 * MARGIN + 2 * PANEL_WIDTH, y + 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
            f'height="{height:.0f}" role="img" aria-label="{escape(head)}">\n<style>{STYLE}</style>\n'
            f'<rect class="ground" width="{width}" height="{height:.0f}" rx="6"/>\n' + "\n".join(out) + "\n</svg>\n")


def draw(result: Result) -> dict[str, str]:
    """The pictures by their file names."""
    machine = result["machine"]
    about = (f"{report.rounds_of(result)}, {machine['processors']} processors for server and load, {machine['file_system']}, "
             f"{machine['date']}.")
    meaning = ("Blue and grey: durable when acknowledged. Yellow: acknowledged from memory. "
               "Dashed: the least that a durable broker can do.")
    sentences = [about, meaning]
    if not report.is_quiet(result):
        sentences.append("Other work ran on the machine: these figures show that the comparison works, and nothing else.")
    rates = [bars(result, load, 0, 0) for load in result["loads"] if load != "tail"]
    latencies = [ranges(result, load, 0, 0) for load in result["loads"] if load not in ("bulk", "read")]
    drawn = {}
    if rates:
        drawn["compare.svg"] = page("Acknowledged records: more is better", sentences, rates)
    if latencies:
        drawn["compare-latency.svg"] = page("Latency, p50 (dot) to p99 (bar): less is better", sentences, latencies)
    return drawn
