"""One model at one endpoint: how many calls it stands at once (AIMD), and whether it stands any (a breaker)."""

from __future__ import annotations

from dataclasses import dataclass, field

from udfs.calls.faults import Fault, Then
from udfs.calls.settings import Settings, base_url, label

DECREASE = 0.5
"""Of the calls at once after a 429; the increase is one more after as many successes as there may be calls."""
MOST_REST_S = 60.0


@dataclass(frozen=True)
class Place:
    """What a call holds while it is in flight: since `started`; a `probe` tries an open breaker."""

    endpoint: Endpoint
    started: float
    probe: bool
    tokens: float = 0.0


@dataclass
class Endpoint:
    """Times are those of the loop's clock."""

    model: str
    url: str
    settings: Settings
    limit: float = 0.0
    in_flight: int = 0
    calls: int = 0
    resting_until: float = 0.0
    """No call before: the endpoint asked for time, or its breaker is open."""
    open: bool = False
    down: bool = False
    """Rows do not wait for it."""
    why: str = ""
    _probing: bool = False
    _failures: int = 0
    _vain_probes: int = 0
    _throttled_since: float | None = None
    _lowered: float = 0.0
    place: str = field(init=False)
    query: str = field(init=False)
    label: str = field(init=False)
    headers: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.limit = float(self.settings.concurrency)
        self.place, self.query = base_url(self.url)
        self.label = label(self.url)
        key = self.settings.key_of(self.model, self.url)
        self.headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self.headers |= self.settings.headers

    def address(self, path: str) -> str:
        return f"{self.place}{path}?{self.query}" if self.query else self.place + path

    def free(self, now: float) -> bool:
        """Whether a call may start."""
        if now < self.resting_until:
            return False
        if self.open:
            return not self._probing
        return self.in_flight < int(self.limit)

    @property
    def load(self) -> tuple[float, int]:
        """Of several the least loaded is asked, of equals the one that was asked less."""
        return self.in_flight / self.limit, self.calls

    def start(self, now: float) -> Place:
        self.in_flight += 1
        self.calls += 1
        self._probing |= self.open
        return Place(self, now, self.open)

    def drop(self, place: Place) -> None:
        """A call that was not made after all, or was broken off here."""
        self.in_flight -= 1
        self._probing &= not place.probe

    def succeed(self, place: Place) -> None:
        """Also for a refusal: it lives."""
        self.drop(place)
        if self.open:
            self.limit = 1.0
        self.open = self.down = False
        self._failures = self._vain_probes = 0
        self._throttled_since = None
        self.limit = min(float(self.settings.concurrency), self.limit + 1 / self.limit)

    def fail(self, place: Place, fault: Fault, now: float) -> None:
        """What was sent before the limit was lowered, or the breaker opened, says nothing new."""
        self.drop(place)
        if fault.then is Then.LATER or fault.status in (429, 503, 529):
            self._slow_down(fault, place.started, now)
        if fault.then is Then.GONE:
            self._open(fault, now, down=True)
        elif fault.then is Then.RETRY:
            self._failures += 1
            if place.probe:
                self._vain_probes += 1
                self._open(fault, now, down=self.down or self._vain_probes >= self.settings.breaker_probes)
            elif not self.open and self._failures >= self.settings.breaker_failures:
                self._open(fault, now, down=self.settings.breaker_probes == 0)
        elif place.probe:
            # Alive, but asks for time: the next call is a probe again.
            self.resting_until = max(self.resting_until, now + self.settings.breaker_rest_s)

    def _slow_down(self, fault: Fault, started: float, now: float) -> None:
        if started >= self._lowered:
            self.limit = max(1.0, self.limit * DECREASE)
            self._lowered = now
        if self._throttled_since is None:
            self._throttled_since = now
        wait = fault.after_s or 0.0
        self.resting_until = max(self.resting_until, now + wait)
        # Rows cannot wait as long as that, and it gave nothing for as long: better told than waited for.
        if wait > self.settings.deadline_s or now - self._throttled_since > self.settings.deadline_s:
            self._open(fault, now, down=True)

    def _open(self, fault: Fault, now: float, down: bool) -> None:
        self.open, self.why = True, f"{fault.error}: {fault.detail}"
        self.down = self.down or down
        rest = min(MOST_REST_S, self.settings.breaker_rest_s * 2**self._vain_probes)
        self.resting_until = max(self.resting_until, now + rest)
