"""What a check says."""

from __future__ import annotations

import dataclasses

from history.findings import RULES, Anomaly


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    verdict: str  # "pass", "anomalies" or "unknown"
    unknown: list[str]  # why it cannot be "pass"
    anomalies: list[Anomaly]
    counts_by_rule: dict[str, int]
    counts: dict[str, int]
    notes: list[str]

    def text(self, list_max: int = 20) -> str:
        """For people; of each rule at most `list_max` anomalies."""
        said = [f"verdict: {self.verdict}"]
        said += [f"  not to be called pass: {why}" for why in self.unknown]
        for rule, count in self.counts_by_rule.items():
            found = [one for one in self.anomalies if one.rule == rule][:list_max]
            said.append(f"{rule} {RULES[rule]}: {count}")
            said += [f"  {one}" for one in found]
            if count > len(found):
                said.append(f"  … and {count - len(found)} more (--list)")
        said += [f"note: {note}" for note in self.notes]
        said.append(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in self.counts.items()))
        return "\n".join(said)
