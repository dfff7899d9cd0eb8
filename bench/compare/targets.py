"""The targets that libanchor has to meet, and whether it does. Ratios compare neighbouring rounds of one run."""

from dataclasses import dataclass

from bench.compare.figures import kept, ratio
from bench.compare.svg import number


@dataclass(frozen=True)
class Target:
    what: str
    measured: float
    limit: float
    unit: str = ""
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        return self.measured <= self.limit

    def row(self) -> list[str]:
        spread = f" ({self.spread[0]:.2f} to {self.spread[1]:.2f})" if self.spread else ""
        show = f"{self.measured:.2f}" if not self.unit else number(self.measured)
        limit = f"{self.limit:.2f}" if not self.unit else number(self.limit)
        unit = f" {self.unit}" if self.unit else ""
        return [self.what, f"{show}{unit}{spread}", f"{limit}{unit}", "met" if self.met else "**missed**"]


def of_rounds(what: str, mine: dict, other: dict, limit: float) -> Target:
    found = ratio(mine, other)
    return Target(what, found["median"], limit, spread=(found["lowest"], found["highest"]))


def targets() -> list[Target]:
    warm, work, work_tls = kept("warm", "plain"), kept("work", "plain"), kept("work", "tls")
    wake, cold, cold_tls = kept("wake", "plain"), kept("cold", "plain"), kept("cold", "tls")
    late, cancel, idle = kept("deadline")["cases"], kept("cancel")["cases"], kept("idle", "plain")
    alone = work["anchor"]["instructions_without_json_get"]
    found = [
        of_rounds("warm wait, against the floor", warm["anchor"], warm["floor"], 1.30),
        of_rounds("warm wait, against libcurl and cJSON", warm["anchor"], warm["curl"], 0.75),
        Target("warm wait, `anchor_wait_for_event` alone", alone, 32000, "instructions"),
        Target(
            "warm wait, with the value picked out of the answer", work["anchor"]["instructions"], 32000, "instructions"
        ),
        Target(
            "warm wait over TLS, instructions against libcurl's",
            work_tls["anchor"]["instructions"] / work_tls["curl"]["instructions"],
            0.60,
        ),
        of_rounds("wake-up, 99 %, against the floor", wake["anchor"]["p99"], wake["floor"]["p99"], 1.20),
        of_rounds("cold start, against libcurl's", cold["anchor"], cold["curl"], 1.00),
        of_rounds("cold start over TLS, against libcurl's", cold_tls["anchor"], cold_tls["curl"], 1.00),
    ]
    for case in ("plain 1000", "plain 5000", "tls 500"):
        memory = kept("memory", case)
        share = memory["anchor"]["each"]["resident"] / memory["curl"]["each"]["resident"]
        how = f"{case.split()[1]} over TLS" if case.startswith("tls") else f"{int(case.split()[1]):,}"
        found.append(Target(f"memory of a blocked wait, {how} on threads, against libcurl's", share, 0.85))
    found += [
        Target("overshoot, worst of waits of 60 s", late["60000 ms"]["anchor"]["worst"] / 1000, 5, "ms"),
        Target(
            "cancel, 99 %, in the slowest phase", max(one["anchor"]["p99"] for one in cancel.values()) / 1000, 1, "ms"
        ),
        Target(
            f"wake-ups of 8 blocked waits in {idle['anchor']['seconds']} s",
            max(idle[key]["wake_ups"] for key in ("anchor", "anchor-started")),
            0,
            "context switches",
        ),
        *of_many_waits(),
        Target("libanchor.so, stripped", kept("size")["libanchor.so"] / 1e6, 1.8, "MB"),
    ]
    return found


def of_many_waits() -> list[Target]:
    plain, tls = (kept("many", f"{case} 10000") for case in ("plain", "tls"))
    ours, ours_tls, curl, curl_tls = plain["anchor-queue"], tls["anchor-queue"], plain["curl-multi"], tls["curl-multi"]
    each = ours["each"]
    return [
        Target("memory of a started wait, 10,000 blocked", each["resident"], 1.0, "KiB"),
        Target("the same over TLS", ours_tls["each"]["resident"], 9.5, "KiB"),
        Target("its descriptors", round(each["descriptors"], 2), 1, "each"),
        Target("threads that serve all of them", round(each["threads"] * ours["waits"]), 1, "in all"),
        of_rounds(
            "10,000 waits started, CPU against libcurl multi's", ours["start_cpu_ms"], curl["start_cpu_ms"], 0.35
        ),
        of_rounds("the same over TLS", ours_tls["start_cpu_ms"], curl_tls["start_cpu_ms"], 1.00),
        Target("warm wait through the queue", kept("many")["warm"]["plain"]["instructions"], 28000, "instructions"),
        of_rounds(
            "wake-up with 10,000 blocked, 99 %, against libcurl multi's",
            ours["wake_us"]["p99"],
            curl["wake_us"]["p99"],
            1.20,
        ),
        Target("10,000 waits cancelled", ours["cancel_ms"]["median"], 500, "ms"),
    ]
