"""The weights, words and zones of a score, read from their released file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from field_schema.profile import BINDING, REFERENCE
from field_schema.standard import SEVERITIES
from field_schema.strict_file import Fields, Texts, read_file

CURRENT: Final = "weights/v2.json"
"""What new rulesets are scored by. A manifest names the file that its ruleset was scored by."""

WORDS: Final = ("full", "partial", "conditional", "none", "unknown")
"""The words of the passport, the best first."""

_EFFECTS: Final = ("blocks", "hinders", "nothing")
_ELSEWHERE: Final = "routes_inside"


@dataclass(frozen=True, slots=True)
class ZoneOf:
    """In which zone an element type is met: `zone`, unless `measure` names a word of `by_word`."""

    zone: str
    measure: str | None
    by_word: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """One released file of weights. `effect` and `points` by (weight, severity).

    `signs`: the official abbreviation of each word of the passport, None for "unknown".
    """

    file: str
    sha256: str
    effect: Mapping[tuple[str, str], str]
    points: Mapping[tuple[str, str], int]
    cap: int
    signs: Mapping[str, str | None]
    names: Mapping[str, Texts]
    zones: Mapping[str, Texts]
    zone_of: Mapping[str, ZoneOf]

    def zone(self, element: str, answers: Mapping[str, Any]) -> str:
        """The zone in which this element is met."""
        rule = self.zone_of.get(element)
        if rule is None:
            return _ELSEWHERE
        if rule.measure is None:
            return rule.zone
        return rule.by_word.get(answers.get(rule.measure, ""), rule.zone)


@cache
def load_scoring(file: str = CURRENT) -> Scoring:
    """Read a file of weights of this package. Raises CatalogError for one that is not in order."""
    root = Path(__file__).parent
    value, data = read_file(root / file, root)
    return parse_scoring(value, file, sha256(data).hexdigest())


def parse_scoring(value: object, where: str, digest: str) -> Scoring:
    """Read the file's object. Raises CatalogError for what is missing, unknown or contradicts."""
    fields = Fields(value, where)
    fields.integer("scoring")
    for told in ("about", "ky_status", "formula", "severity_reason", "weight_reason"):
        fields.text(told)
    for told in ("effect_reason", "cap_reason", "passport_source", "words_reason", "zone_reason"):
        fields.text(told)
    severity = _integers(fields.fields("severity_points"), SEVERITIES)
    weight = _integers(fields.fields("weight_points"), (BINDING, REFERENCE))
    effects = fields.fields("effect")
    by_weight = {w: effects.fields(w) for w in weight}
    effect = {(w, s): by_weight[w].word(s, _EFFECTS) for w in weight for s in severity}
    words = fields.fields("words")
    signs, names = {}, {}
    for word in WORDS:
        inner = words.fields(word)
        signs[word], names[word] = inner.text_or_null("sign"), inner.texts("name")
        inner.done()
    listed = fields.fields("zones")
    zones = {zone: listed.texts(zone) for zone in listed.rest_keys()}
    places = fields.fields("zone_of")
    zone_of = {element: _zone_of(places.fields(element), zones) for element in places.rest_keys()}
    cap = fields.integer("cap_while_blocked")
    for part in (*by_weight.values(), effects, words, listed, places, fields):
        part.done()
    points = {(w, s): weight[w] * severity[s] for w in weight for s in severity}
    return Scoring(where, digest, effect, points, cap, signs, names, zones, zone_of)


def _integers(fields: Fields, keys: tuple[str, ...]) -> dict[str, int]:
    found = {key: fields.integer(key) for key in keys}
    fields.done()
    return found


def _zone_of(fields: Fields, zones: Mapping[str, Texts]) -> ZoneOf:
    known = tuple(zones)
    zone = fields.word("zone", known)
    if not fields.has("measure"):
        fields.done()
        return ZoneOf(zone, None, {})
    inner = fields.fields("by_word")
    found = ZoneOf(
        zone, fields.text("measure"), {word: inner.word(word, known) for word in inner.rest_keys()}
    )
    inner.done()
    fields.done()
    return found
