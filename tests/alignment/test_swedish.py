"""Swedish words: stems, compounds and terms."""

import pytest

from bryggan.alignment import swedish


@pytest.mark.parametrize(
    ("forms", "together"),
    [
        (("skola", "skolan", "skolor", "skolornas"), True),
        (("bok", "böcker", "böckerna", "boken"), True),
        (("stad", "städer", "stadens"), True),
        (("område", "området", "områden"), True),
        (("samhälle", "samhället", "samhällets"), True),
        (("havsmiljö", "havsmiljön"), True),
        (("möjlig", "möjligt", "möjligheter"), True),
        (("sensor", "sensorn", "sensorer", "sensorernas"), True),
        (("luftsensor", "luftsensorer"), True),
        (("plats", "platsen", "platser", "platserna"), True),
        (("busshållplats", "busshållplatsen", "busshållplatser"), True),
        (("kostnad", "kostnaden", "kostnader"), True),
        (("rum", "rummet", "rummen"), True),
        (("program", "programmet", "programmen"), True),
        (("ord", "ordet", "orden"), True),
        (("digital", "digitalt", "digitala"), True),
        (("tunnel", "tunneln", "tunnlar"), True),
        (("lärare", "läraren", "lärarna", "lärarens"), True),
        (("visitor", "visitors"), True),
        (("dator", "data"), False),
        (("svinnet", "svin"), False),
        (("fast", "fastighet"), False),
        (("natur", "naturlig"), False),
        (("rör", "rörelse"), False),
    ],
)
def test_forms_of_a_word_share_a_stem_and_other_words_do_not(forms: tuple[str, ...], together: bool) -> None:
    stems = {swedish.stem(form) for form in forms}

    assert (len(stems) == 1) is together, stems


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("hållbarhetsarbetet", ("hållbarhet", "arbete")),
        ("vattenkvaliteten", ("vatten", "kvalitet")),
        ("äldreomsorgens", ("äldre", "omsorg")),
        ("återbruksdepå", ("återbruk", "depå")),
        ("matsvinn", ("mat", "svinn")),
        ("skolbussen", ("skola", "buss")),
        ("odlingslotter", ("odling", "lott")),
        ("klassrummet", ("klass", "rum")),
        ("kajskyltar", ("kaj", "skylt")),
        ("skoldatorer", ("skola", "dator")),
        ("e-tjänst", ("e", "tjänst")),
    ],
)
def test_a_compound_is_cut_into_base_words(word: str, parts: tuple[str, ...]) -> None:
    assert swedish.parts(word) == parts


@pytest.mark.parametrize(
    "word", ["kultur", "undervisning", "biblioteket", "programmering", "region", "bussarna", "x", ""]
)
def test_a_word_that_only_looks_like_a_compound_is_left_whole(word: str) -> None:
    assert swedish.parts(word) == ()


def test_terms_hold_the_whole_word_and_its_parts_but_no_small_words() -> None:
    assert swedish.terms("Vi mäter vattenkvaliteten") == ["mät", "vattenkvalitet", "vatt", "kvalitet"]


def test_words_are_lower_case_without_soft_hyphens_and_keep_hyphens() -> None:
    assert swedish.words("Hav\u00adsmiljö och IoT-sensorer, 3D!") == ["havsmiljö", "och", "iot-sensorer", "3d"]
