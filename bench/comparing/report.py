"""The result as a table."""

from __future__ import annotations

import statistics
from typing import Any

from comparing import loads

Result = dict[str, Any]
LOADS = {load.key: load for load in loads.ALL}
QUIET_LOAD = 0.5  # of a processor


def figure(load: loads.Load, value: float) -> str:
    if load.unit == "ms":
        return milliseconds(value)
    return f"{short(value)} {load.unit}"


def short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"


def milliseconds(us: float) -> str:
    return f"{short(us / 1000) if us >= 10_000 else f'{us / 1000:.2f}'} ms"


def values_of(result: Result, server: str, load: str, name: str) -> list[float]:
    """One for each round in which it was measured."""
    return [one[server][load][name] for one in result["rounds"] if name in one.get(server, {}).get(load, {})]


def median_of(result: Result, server: str, load: str, name: str) -> float | None:
    values = values_of(result, server, load, name)
    return statistics.median(values) if values else None


def ratio_of(result: Result, server: str, load: str) -> float | None:
    """logstore to this server: the median of the rounds' ratios."""
    name = LOADS[load].main
    pairs = [(one["logstore"][load][name], one[server][load][name]) for one in result["rounds"]
             if name in one.get("logstore", {}).get(load, {}) and name in one.get(server, {}).get(load, {})]
    if not pairs or server == "logstore":
        return None
    return statistics.median(ours / theirs for ours, theirs in pairs if theirs > 0)


def cell(result: Result, server: str, load: str) -> str:
    rule = LOADS[load]
    main = median_of(result, server, load, rule.main)
    if main is None:
        return "–"
    p50, p99 = (median_of(result, server, load, name) for name in ("p50_us", "p99_us"))
    latency = f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)}" if p50 is not None and p99 is not None else ""
    if load == "tail":
        return latency
    rate = figure(rule, main) + ("†" if is_bound_by_load(result, server, load) else "")
    ratio = ratio_of(result, server, load)
    if ratio is not None:
        rate += f" ({ratio:.2g}×)" if ratio < 10 else f" ({ratio:,.0f}×)"
    return f"{rate}<br>{latency}" if latency and load != "bulk" else rate


def is_bound_by_load(result: Result, server: str, load: str) -> bool:
    """The load had all it could get of a processor: the server might do more."""
    return (median_of(result, server, load, "load_busy") or 0) > 0.95


def name_of(server: dict[str, str]) -> str:
    version = f" {server['version']}" if server["version"] else ""
    note = f", {server['note']}" if server["note"] else ""
    return server["name"] + version + note


def rounds_of(result: Result) -> str:
    count = len(result["rounds"])
    return "One round" if count == 1 else f"Medians of {count} alternating rounds"


def is_quiet(result: Result) -> bool:
    return result["machine"]["load_before"] <= QUIET_LOAD


def markdown(result: Result) -> str:
    machine, shown = result["machine"], list(result["loads"])
    out = ["# logstore and others on one machine", ""]
    out += [f"`{result['command']}`, {machine['date']}. {rounds_of(result)}, {result['seconds']:g} s a load; server and load "
            f"together on {machine['processors']} processors ({machine['processor']}), {machine['memory_gib']} GiB, "
            f"Linux {machine['kernel']}, {machine['file_system']}."]
    if not is_quiet(result):
        out += ["", f"**Other work ran on the machine meanwhile (load {machine['load_before']:.1f} before the first round): "
                "these figures show that the comparison works, and nothing else.**"]
    if len(result["rounds"]) < 3:
        out += ["", "**Fewer than three rounds: too few to believe.**"]
    out += ["", "In brackets: logstore's rate as a multiple of that one.", ""]
    out.append("| | what an acknowledgement means | " + " | ".join(result["loads"][load]["title"] for load in shown) + " |")
    out.append("|---|---|" + "---|" * len(shown))
    for key, server in result["servers"].items():
        cells = [cell(result, key, load) for load in shown]
        out.append(f"| **{name_of(server)}** | {server['acknowledges']} | " + " | ".join(cells) + " |")
    out += ["", "The loads, all by one program (`bench/load`), which counts what is acknowledged and nothing else:", ""]
    out += [f"- **{result['loads'][load]['title']}**: {result['loads'][load]['meaning']}." for load in shown]
    out += ["", "MB are millions of bytes of record values. Redis and NATS get a batch as so many commands in a row. Kafka runs",
            "warm for some seconds before it is measured. What is read of Redis and NATS was written before, without flushing,",
            "so that there is enough of it."]
    bound = [load for server in result["servers"] for load in shown if is_bound_by_load(result, server, load)]
    if bound:
        out += ["", "† The load was busy all the time: this server may do more than was asked of it."]
    for name, why in result["missing"].items():
        out += ["", f"{name} was left out: {why}."]
    for failure in result["failures"]:
        out += ["", f"Failed: {failure}."]
    return "\n".join(out) + "\n"
