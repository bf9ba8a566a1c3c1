"""Swedish words as search and matching need them: tokens, stems and the parts of compounds.

Source of the compound parts: the hunspell-sv word list (PyPI ``hunspell-sv``, or Debian's
``/usr/share/hunspell/sv_SE``), whose flags say which words may begin (X, U) and end (Y) a compound and
which suffix makes the joint ("hållbarhets-", "gatu-"), and whose suffix rules lead an inflected form back to its
base word (`inflection.py`). It is read once, on first use, in under a second; no Hunspell engine runs. Without the
list every function still answers: words are stemmed but never split.

What surprised us:

* Snowball's Swedish stemmer gives the forms of one in fifty words in our texts different stems (skola and skolan,
  plats and platser, sensor and sensorer, kostnad and kostnaden, ord and ordet, digital and digitalt), and knows no
  vowel changes (städer, böcker). So it is given base words only, and some of them are kept whole.
* Snowball also takes naturlig to "natur", fastighet to "fast" and rörelse to "rör": kept apart here.
* The list holds place names and fragments ("tisen", "kul") that make nonsense splits, and particles
  ("under", "till") that begin words without being a part of their meaning. Hence the short-part list,
  the particle list, and the rule that the fewest and longest parts win.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import snowballstemmer

from bryggan.alignment.inflection import Inflections

_SNOWBALL = snowballstemmer.stemmer("swedish")
_WORD = re.compile(r"[^\W_]+(?:[-\u2010\u2011'’:][^\W_]+)*", re.UNICODE)
# Snowball takes fastighet to "fast", naturlig to "natur" and rörelse to "rör", which are other words.
_ADJECTIVE = re.compile(r"(.{3,}?ig)(?:a|t|as|e|are|ast|aste|het|hets|heten|hetens|heter|heters|heterna|heternas)?\Z")
_ELSE = re.compile(r"(.{2,}?els)e(?:n|ns|s|r|rs|rna|rnas)?\Z")
_LETTERS = re.compile(r"[a-zåäöéüæøàèáíóôêçñ]+\Z")
# Snowball takes these for endings: plats to "plat", sensor to "sens", kostnad to "kostn".
_KEPT_WHOLE = ("s", "or", "ad")
_LONGEST_PART = 15
_LONGEST_WORD = 45

# Function words, and the words that every text about a project or a syllabus holds. English ones too, because
# a third of the city's texts are English.
STOPWORDS = frozenset(
    """
    alla allt alltid alltså andra annan annars annat att av bara bli blir blev bör båda både bäst bättre bland
    borde då dag de dem den denna deras dess dessa dessutom det detta dig din dina ditt dock du där därefter
    därför därmed efter eftersom ej eller en ens er era ert ett exempel exempelvis fler flera fick finns fast från
    för före först få får fått genom gäller ger ge gå går gav gjort gjorde gör göra ha had hade han hans har hela
    helt hellre hennes hit hon honom hos hur här i ibland icke igen ihop in ingen inget inga innan inne inom inte
    ja jag ju just kan kanske kom komma kommer kring kunde kunna kvar lika lite litet långt låt man med medan
    mellan men mer mera mest mig min mina mindre minst mitt mot mycket många måste mån när nära nej ner ni nog nu
    ny nya nytt någon något några ner nån och också om oss osv per på redan samma samt sedan sen ser sig sin sina
    sitt själv själva ska skall skulle slut snart som så sådan sådana sådant stor stora stort står sätt så ta tar
    till tillsammans tex t.ex två under upp ur ut utan utifrån ute vad vanlig var vara vare varför varit varje
    vart vem vems vi via vid vilka vilken vilket vill vår våra vårt är än ännu även år åt över övrig ske sker
    skett olika däribland respektive såväl dels bland annat ofta a about after all also an and any are as at be
    been but by can could do does each for from get had has have he her his how if in into is it its just like
    make many may more most much must new no not now of on one only or other our out over s she should so some
    such than that the their them then there these they this those through to too up us use used using very was we
    well were what when where which while who why will with would you your
    """.split()
)

# Short words that are real parts of compounds; other parts need four letters first and three letters last.
_SHORT_FIRST = frozenset(
    """
    el is ö by bi ek sjö hav mat vin bad bro båt bil tåg åk dag gym hus jul järn kol kor lag lek ljud ljus lov lån
    läs löv mark mor bok bar bud cd ben buk byt död djur eld eng fil film folk fot färg får fågel gas gen glas grå
    grön gud gul gås hand hem hud hår hälso häst höst idé jakt job jord kaj kart klo kust kön kött ler luft lun
    lär låg mus mål män natt nöd nät ord ost park rum rån röd rör rörelse röst sal sand sex sim ski sko skol sky
    slut snö sol son spel språk stad sten sår tal tand tid tid tomt topp trä torg tull tur tvätt ull ung vagn val
    varg vas ved verk vind vit väg vår värd växt yrke åker år ägg äng ång öga öl öppen öst web app hög låg rik fri
    led åld kok bad mil dam sem fru cykel gräv rid räd rät sop råd vad lån hot dop ont mån rad
    """.split()
)
_SHORT_LAST = frozenset(
    """
    hus bil båt bok bad bro tåg dag kod lag lek val väg tak rum nät rör ort råd rad hav sjö kök luft mat mål ort
    park röst sal stad stöd syn tal tid torg ved vind vård yta yr zon ark app bio bar bud dal del djur fel film
    fat fri form gas glas golv gång hem häst jakt jobb kaj karta katt kost kraft krav kurs kust kår kön lån lov
    lust ljud ljus lås löv mark moln mur mus mäss märke natt nöd ord pris prov sak sand sats skog sol spel språk
    språng spår stig sten stol ström svar sår tid tåg ull ur vak verk vikt virus vist vy våg värde värme växt år
    ål ägg äng öar ö åk äga led lab lär ben tur bank plan slag sits fält damm häl häst köp lera hot pump söm fond
    kit duk
    """.split()
)
_PARTICLES = frozenset(
    """
    an av be bi bort efter emot er ett fort fram från för före förbi förut genom hit i ihop igen in inom inne jäm
    kring med mellan miss mot ned ner nere o om på sam sedan till tillbaka um under undan upp uppe ur ut utan ute
    vid vidare å åt åter över an ens en ens var allt där här hur när ens mer ej non sub
    """.split()
)
# Endings that the list holds as words, and words that only look like an end.
_NOT_LAST = frozenset(
    """
    ning ring derna dera nera mera sera isera era skap full bar barhet lig liga slig lighet ande ende het aktig
    vis lös isk ism else are ur jana aritet tron kritisk logisk hav iskana välde taga föra nada ingar inga ung
    ligen ling sam samma mässig artad tal slott svin lega rumma liva heta ska skan sker ist ister ister ning
    ningar tion ture lek iste ist nare
    """.split()
)
# Words the list would cut but that mean nothing cut. Stems, compared with the stem of the word.
_WHOLE = frozenset(
    """
    kultur undervisning religion person station motion region bibliotek grundläggande verksamhet medborgare
    borgare arbetare vardag vardaglig anvisning förslag resultat kommun kommunikation produktion konsument
    konsumtion regering styrning uttryck innehåll underhåll sambällen samhälle område sammanhang utmaning
    utveckling framtid lösning natur litteratur information tradition situation funktion reparation generation
    kontakt kontroll företag förening försök behov beslut inflytande ansvar målning säkerhet möjlighet frihet
    mångfald hållbar hållbarhet klimat temperatur kamera instrument material historia historisk parti partner
    partnerskap lärare läkare egenskap egenskaper vetenskap landskap kunskap budskap gemenskap medlem samarbete
    vänskap redskap sällskap mobil digital signal social lokal tablett kartong transport sport import export
    mönster fönster tjänst syster fantasi poesi demokrati energi teknologi biologi ekologi geologi robot idrott
    handel handla skapa skola trygghet hälsa ohälsa rättighet skyldighet likhet skillnad delaktig delaktighet
    invånare verktyg användare användning använda möte ungdom barndom sjukdom egendom rikedom kännedom fördom
    ledare spelare läsare talare vandra ordförande turist artist
    """.split()
)
# Vowel-changing plurals and joints the dictionary does not mend: form → lemma.
_IRREGULAR = {
    "böcker": "bok", "böckerna": "bok", "böckers": "bok", "städer": "stad", "städerna": "stad",
    "städers": "stad", "händer": "hand", "händerna": "hand", "länder": "land", "länderna": "land",
    "länders": "land", "stränder": "strand", "stränderna": "strand", "nätter": "natt", "nätterna": "natt",
    "rötter": "rot", "rötterna": "rot", "fötter": "fot", "fötterna": "fot", "tänder": "tand",
    "tänderna": "tand", "bönder": "bonde", "bönderna": "bonde", "män": "man", "männen": "man", "mäns": "man",
    "vattnet": "vatten", "vattnets": "vatten", "vattens": "vatten", "tecknet": "tecken", "lägret": "läger",
    "numret": "nummer", "vintrar": "vinter", "somrar": "sommar", "sommaren": "sommar", "cyklar": "cykel",
    "cykeln": "cykel", "cyklarna": "cykel", "fåglar": "fågel", "fågeln": "fågel", "fåglarna": "fågel",
    "möbler": "möbel", "möblerna": "möbel", "regler": "regel", "reglerna": "regel", "artiklar": "artikel",
    "nycklar": "nyckel", "nyckeln": "nyckel", "äldres": "äldre", "museer": "museum", "museet": "museum",
    "museerna": "museum", "museets": "museum", "datan": "data", "datat": "data", "spel": "spel",
    "muséer": "museum", "öar": "ö", "öarna": "ö", "miljön": "miljö", "miljöns": "miljö", "broar": "bro",
    "broarna": "bro", "sjöar": "sjö", "sjöarna": "sjö", "sjön": "sjö", "idéer": "idé", "idéerna": "idé",
    "träd": "träd", "träden": "träd", "trädet": "träd", "papperet": "papper", "pappret": "papper",
    "teatrar": "teater", "teatern": "teater", "hotet": "hot", "system": "system", "internet": "internet",
    "data": "data", "vitt": "vit", "svinnet": "svinn", "svinnets": "svinn", "bullret": "buller", "dammar": "damm",
    "dammen": "damm", "dammarna": "damm", "runt": "runt", "plant": "plant", "plants": "plant",
    "stigen": "stig", "rutten": "rutt", "rester": "rest", "resterna": "rest",
}  # fmt: skip
# The irregular forms that also end compounds, longer ones first.
_CHANGED_ENDINGS = (
    """
    böckerna böcker städerna städer stränderna stränder vattnets vattnet länderna länder händer nätter rötter
    cyklarna cyklar cykeln fåglarna fåglar möblerna möbler reglerna regler museerna museer museet miljöns miljön
    sjön broar sjöar svinnets svinnet bullret dammarna dammar dammen
    """
).split()
# Joints the list lacks or gives as words of their own: form → base word.
_JOINTS = {
    "gatu": "gata", "skol": "skola", "förskole": "förskola", "mussel": "mussla", "medborgar": "medborgare",
    "gymnasie": "gymnasium", "invånar": "invånare", "lärar": "lärare", "elev": "elev", "cykel": "cykel",
    "iot": "iot", "sop": "sopa", "app": "app", "drönar": "drönare", "data": "data", "sensor": "sensor",
    "robot": "robot", "ål": "ål", "mudder": "mudder", "läkar": "läkare", "användar": "användare",
    "besökar": "besökare", "kollektiv": "kollektiv", "museum": "museum", "musei": "museum", "familje": "familj",
    "flykting": "flykting", "granne": "granne", "grann": "granne", "sommar": "sommar", "vinter": "vinter",
    "återvinnings": "återvinning", "hyres": "hyra", "lång": "lång", "biogas": "biogas", "mikro": "mikro",
    "läs": "läsa", "åter": "åter", "el": "el", "skrift": "skrift", "konst": "konst", "musik": "musik",
    "teater": "teater", "fågel": "fågel", "möbel": "möbel", "nyckel": "nyckel", "matte": "matte",
    "fritids": "fritid", "stads": "stad", "barn": "barn", "kol": "kol", "kök": "kök", "käll": "källa",
    "arbets": "arbete", "arbetar": "arbetare", "köks": "kök",
}  # fmt: skip
_ENDS = ("svinn", "lott", "lotter", "kollega", "rum", "ål", "sensor", "drönare", "bädd", "dikt", "sopa", "arv")
_ENDINGS = (
    "s", "n", "en", "ens", "ns", "t", "et", "ets", "ts", "a", "an", "ans", "ar", "ars", "arna", "arnas", "er", "ers",
    "erna", "ernas", "or", "ors", "orna", "ornas", "na", "nas", "r", "rs", "rna", "rnas", "ade", "at", "ad", "ande",
    "as", "de", "e", "es", "are", "arens", "aren", "arnas", "nde", "te", "it", "ena", "enas", "ets",
)  # fmt: skip


class _List(NamedTuple):
    """Word list cut down to what splitting needs: lemmas, joint forms → lemma, and words that may end a compound."""

    lemmas: frozenset[str]
    first: dict[str, str]
    last: frozenset[str]
    inflections: Inflections


def words(text: str) -> list[str]:
    """Give the words of a text in order, lower case; hyphenated words whole, soft hyphens removed.

    >>> words("Hav\\u00adsmiljö och IoT-sensorer, 3D!")
    ['havsmiljö', 'och', 'iot-sensorer', '3d']
    """
    plain = unicodedata.normalize("NFC", text).replace("\u00ad", "").lower()
    return [word.replace("\u2010", "-").replace("\u2011", "-").replace("’", "'") for word in _WORD.findall(plain)]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Give the stem shared by a word's forms: skola, skolan, skolorna → skol; böcker → bok.

    The word is expected in lower case, as from `words`. A hyphenated word has only its end stemmed.
    """
    if "-" in word:
        head, _, tail = word.rpartition("-")
        return f"{head}-{stem(tail)}" if tail else word
    irregular = _IRREGULAR.get(word)
    word, is_known = (irregular, True) if irregular else _base(_mend_vowel_change(word))
    if is_known and word.endswith(_KEPT_WHOLE):
        return word
    adjective = _ADJECTIVE.match(word)
    if adjective:
        return adjective[1]
    noun = _ELSE.match(word)
    if noun:
        return noun[1]
    stemmed = str(_SNOWBALL.stemWord(word))
    # Plurals of English words lose their s only, and then have an ending of their own: visitors, managers.
    return str(_SNOWBALL.stemWord(stemmed)) if stemmed == word[:-1] and word.endswith("s") else stemmed


@lru_cache(maxsize=200_000)
def parts(word: str) -> tuple[str, ...]:
    """Give a compound's parts as base words, or an empty tuple when the word is no compound.

    >>> parts("hållbarhetsarbetet")
    ('hållbarhet', 'arbete')

    Works on lower-case words; a hyphen always parts. Nested compounds are cut all the way
    (dagvattenhantering → dag, vatten, hantering).
    """
    if "-" in word:
        pieces: list[str] = []
        for piece in word.split("-"):
            if piece:
                pieces.extend(parts(piece) or (piece,))
        return tuple(pieces) if len(pieces) > 1 else ()
    if not 5 <= len(word) <= _LONGEST_WORD or not _LETTERS.match(word) or stem(word) in _whole_stems():
        return ()
    listed = _word_list()
    lemma = _lemma(word)
    # An inflected word of the list is cut as its base word: "bilderna" is not "bil" + "derna".
    found = _best_split(lemma or word, listed)
    if not found:
        return ()
    if lemma and (found[0] in _PARTICLES or (len(lemma) <= 6 and found[0] not in _SHORT_FIRST)):
        return ()
    return tuple(found)


def terms(text: str) -> list[str]:
    """Give what a text is found by: the stem of every word and of its parts, in order, stop words left out.

    A compound gives its own stem first and then its parts' stems, so "dagvattnet" is found by "dagvatten",
    and more weakly by "vatten". Repetitions are kept: they are the term frequencies.
    """
    out: list[str] = []
    for word in words(text):
        out.extend(_terms_of(word))
    return out


@lru_cache(maxsize=200_000)
def _terms_of(word: str) -> tuple[str, ...]:
    if word in STOPWORDS or (len(word) == 1 and word not in "öå"):
        return ()
    out = [stem(word)]
    for part in parts(word):
        part_stem = stem(part)
        if part not in STOPWORDS and len(part) > 1 and part_stem not in out:
            out.append(part_stem)
    return tuple(out)


def word_list_found() -> bool:
    """Say whether the word list was found, so that compounds can be parted."""
    return bool(_word_list().lemmas)


@lru_cache(maxsize=1)
def _whole_stems() -> frozenset[str]:
    return frozenset(str(_SNOWBALL.stemWord(word)) for word in _WHOLE)


def _base(word: str) -> tuple[str, bool]:
    """The dictionary form of a word, or of a compound by the longest end that the list knows; whether it knew any."""
    listed = _word_list()
    base = listed.inflections.base(word)
    if base is not None:
        return base, True
    # At least four letters after three others.
    for start in range(3, len(word) - 3):
        base = listed.inflections.base(word[start:])
        if base is not None and len(base) >= 4 and base in listed.last:
            return word[:start] + base, True
    return word, False


def _mend_vowel_change(word: str) -> str:
    # Compounds of the irregular words: "läroböcker" → "lärobok", "dagvattnet" → "dagvatten".
    for form in _CHANGED_ENDINGS:
        if len(word) > len(form) and word.endswith(form):
            return word[: -len(form)] + _IRREGULAR[form]
    return word


def lemma(word: str) -> str | None:
    """The dictionary form of a word that the list knows; None for others, most compounds among them."""
    return _lemma(word.lower())


def _lemma(form: str) -> str | None:
    """Find the base word of an inflected form in the list, by taking endings off; None when it is not there."""
    lemmas = _word_list().lemmas
    if form in _IRREGULAR:
        return _IRREGULAR[form]
    base = _word_list().inflections.base(form)
    if base is not None:
        return base
    if form in lemmas:
        return form
    for ending in sorted(_ENDINGS, key=len):
        if form.endswith(ending) and len(form) - len(ending) >= 3:
            base = form[: -len(ending)]
            for candidate in (base, base + "a", base + "e"):
                if candidate in lemmas:
                    return candidate
    return None


def _last_lemma(form: str, listed: _List) -> str | None:
    if len(form) < 4 and form not in _SHORT_LAST:
        return None
    base = form if form in _ENDS else _IRREGULAR.get(form) or listed.inflections.base(form)
    if base in listed.last and (len(base) >= 4 or base in _SHORT_LAST):
        return base
    if form in listed.last and not form.endswith(("ar", "er", "or", "en", "et", "na", "de", "an")):
        return form
    for ending in _ENDINGS:
        if form.endswith(ending) and len(form) - len(ending) >= 2:
            base = form[: -len(ending)]
            for candidate in (base, base + "a", base + "e"):
                if candidate in listed.last and (len(candidate) >= 4 or candidate in _SHORT_LAST):
                    return candidate
    return form if form in listed.last else None


def _best_split(word: str, listed: _List) -> list[str]:
    """Choose among the ways to cut a word: fewest parts first, then the most even ones."""
    best: tuple[tuple[float, ...], list[str]] | None = None

    def cut(rest: str, made: list[str], lengths: list[int]) -> None:
        nonlocal best
        if made:
            last = _last_lemma(rest, listed)
            if last is not None and last not in _NOT_LAST:
                sizes = [*lengths, len(rest)]
                rank = (len(sizes), -float(min(sizes)), -float(len(rest)))
                if best is None or rank < best[0]:
                    best = (rank, [*made, last])
        if len(made) >= 3 or (best is not None and len(made) + 2 > best[0][0]):
            return
        for end in range(2, min(_LONGEST_PART, len(rest) - 2) + 1):
            head = rest[:end]
            if len(head) < 4 and head not in _SHORT_FIRST:
                # "havs", "dags": a short word with its joint is long enough; "kul", "tis" are not words we trust.
                continue
            lemma = listed.first.get(head)
            if lemma is not None:
                cut(rest[end:], [*made, lemma], [*lengths, end])

    cut(word, [], [])
    return best[1] if best else []


def _files() -> list[Path]:
    """Give the places where the word list may lie, best first."""
    places: list[Path] = []
    try:
        for file in metadata.files("hunspell-sv") or []:
            if file.name == "sv_SE.dic":
                places.append(Path(str(file.locate())))
    except metadata.PackageNotFoundError:
        pass
    places.append(Path(sys.prefix) / "share" / "hunspell" / "sv_SE.dic")
    places.append(Path("/usr/share/hunspell/sv_SE.dic"))
    return places


@lru_cache(maxsize=1)
def _word_list() -> _List:
    for dic in _files():
        if dic.is_file() and dic.with_suffix(".aff").is_file():
            return _read(dic)
    return _List(frozenset(), {}, frozenset(), Inflections((), ()))


def _read(dic: Path) -> _List:
    aff = _decoded(dic.with_suffix(".aff"))
    entries = _decoded(dic).splitlines()[1:]
    # Suffix rules whose result may begin a compound: (flag → [(take off, put on, condition)]).
    joints: dict[str, list[tuple[str, str, re.Pattern[str]]]] = {}
    for line in aff.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[0] == "SFX" and "/" in fields[3]:
            put_on, _, flags = fields[3].partition("/")
            if ("X" in flags or "U" in flags) and fields[1] not in "r7" and "-" not in put_on:
                off = "" if fields[2] == "0" else fields[2]
                on = "" if put_on == "0" else put_on
                joints.setdefault(fields[1], []).append((off, on, re.compile(f"(?:{fields[4]})$")))
    lemmas: set[str] = set()
    last: set[str] = set()
    first: dict[str, str] = {}
    only_first: list[str] = []
    for line in entries:
        word, _, flags = line.strip().partition("/")
        # Names and abbreviations have capitals; parts longer than the limit are compounds themselves.
        if not _LETTERS.match(word) or "%" in flags:
            continue
        if "Z" not in flags:
            lemmas.add(word)
        if len(word) > _LONGEST_PART:
            continue
        if "Z" not in flags and (len(word) >= 4 or word in _SHORT_LAST):
            # Not only the words flagged Y: the list's later additions (svinn, mudder) carry no compound flags.
            last.add(word)
        if (
            "X" in flags
            or "U" in flags
            or word in _SHORT_FIRST
            or (len(word) >= 5 and word[-1] not in "aes" and "Z" not in flags)
        ):
            first.setdefault(word, word)
            if "Z" in flags:
                only_first.append(word)
        for flag in flags:
            for off, on, condition in joints.get(flag, ()):
                if word.endswith(off) and condition.search(word):
                    form = word[: len(word) - len(off)] + on
                    if len(form) >= 2 and (form not in first or "Z" in flags):
                        first[form] = word
    for form in only_first:
        for lemma in (form[:-1] + "a", form + "a", form[:-1], form[:-1] + "e"):
            if lemma in lemmas:
                first[form] = lemma
                break
    first.update(_JOINTS)
    last.update(_ENDS)
    return _List(frozenset(lemmas), first, frozenset(last), Inflections(aff.splitlines(), entries))


def _decoded(path: Path) -> str:
    # Debian's list is ISO-8859-1, PyPI's is UTF-8.
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
