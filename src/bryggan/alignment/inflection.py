"""Which dictionary word a Swedish form belongs to, by the suffix rules of the hunspell-sv word list.

The rules are read backwards: "platserna" ends in "erna", which class H puts on "plats", and the list marks "plats"
with H. So the answer is as sure as the list is; nothing is guessed from the ending alone.

What surprised us:

* The list's later additions ("programmet", "källor") are bare forms without inflection classes. They are no base
  words: a word counts as one when a class that inflects it is set. "lärare" is bare too, so bare words in -are are
  taken for nouns.
* A form is marked at one word only: "skyltar" at the verb "skylta", and not at the noun "skylt".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import NamedTuple

# Classes that inflect nouns, adjectives and verbs; the others make compounds, derivations and genitives.
_CLASSES = frozenset("BCDEFGHIJKLMNOPQjmk")
_LONGEST_ENDING = 9
# The classes of "läsare"; "lärare" and many another stand there without any.
_AGENT = "EJ"
_ADJECTIVE = frozenset("KLMOPQ")
_NOUN = frozenset("BDGH")
_PLURAL = re.compile(r"[ae]r(?:na)?s?\Z")


class _Rule(NamedTuple):
    flag: str
    off: str
    condition: re.Pattern[str]


class Inflections:
    """The base words of a list with their classes, and what each class puts on."""

    def __init__(self, affixes: Iterable[str], entries: Iterable[str]) -> None:
        """Take the lines of an ``.aff`` file and of its ``.dic`` file."""
        self._rules: dict[str, list[_Rule]] = {}
        self._classes: dict[str, str] = {}
        for line in affixes:
            fields = line.split()
            if len(fields) >= 5 and fields[0] == "SFX" and fields[1] in _CLASSES:
                put_on = fields[3].partition("/")[0]
                off = "" if fields[2] == "0" else fields[2]
                rule = _Rule(fields[1], off, re.compile(f"(?:{fields[4]})\\Z"))
                self._rules.setdefault("" if put_on == "0" else put_on, []).append(rule)
        bare: list[str] = []
        for line in entries:
            word, _, flags = line.strip().partition("/")
            if "%" in flags or not word.islower():
                continue
            inflecting = _CLASSES.intersection(flags)
            if inflecting:
                known = self._classes.get(word, "")
                self._classes[word] = sys.intern("".join(sorted(inflecting.union(known))))
            elif word.endswith("are") and "Z" not in flags:
                bare.append(word)
        for word in bare:
            # "lärare", but not "kortare", which is of "kort".
            if _ADJECTIVE.isdisjoint(self._classes.get(word[:-3], "")):
                self._classes.setdefault(word, _AGENT)

    def base(self, form: str) -> str | None:
        """The base word of a form, itself for a base word; None for what the list does not know.

        Of several a noun or adjective before a verb or who does it ("träffarna" is of "träff", not of "träffa" or
        "träffare"), then the longest.
        """
        if form in self._classes:
            return form
        found: list[str] = []
        # A genitive is its word's form with an s, whatever the class.
        for known in (form, form[:-1] if form.endswith("s") else ""):
            if known in self._classes:
                found.append(known)
            for size in range(min(_LONGEST_ENDING, len(known) - 1) + 1):
                rules = self._rules.get(known[len(known) - size :])
                if rules:
                    found.extend(self._bases(known[: len(known) - size], rules))
            if found:
                break
        best = max(found, key=lambda word: (not _of_a_verb(word, form), len(word), word), default=None)
        if best is not None and best.endswith("a") and _PLURAL.search(form):
            # The list leaves "skyltar" out at the noun where the verb "skylta" gives it already.
            noun = best[:-1]
            if form.startswith(noun) and not _NOUN.isdisjoint(self._classes.get(noun, "")):
                return noun
        return best

    def _bases(self, rest: str, rules: Iterable[_Rule]) -> Iterable[str]:
        for flag, off, condition in rules:
            word = rest + off
            if flag in self._classes.get(word, "") and condition.search(word):
                yield word


def _of_a_verb(base: str, form: str) -> bool:
    """Whether a base in -a or -are gives this form as a verb, or as one who does it: not "skola" with "skolan"."""
    return base.endswith("are") or (base.endswith("a") and not form.startswith((base + "n", base[:-1] + "or")))
