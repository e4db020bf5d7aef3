"""Rows of every kind: each has its name and a source for every figure, and is listed."""

import json
import re

import pytest

from pumpsim import listing
from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.errors import FieldError


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("model", [(name, row.id, row.sources) for name, row in MODELS.items()]),
        ("syringe", [(name, row.name, row.sources) for name, row in SYRINGES.items()]),
        ("set", [(name, row.name, row.sources) for name, row in SETS.items()]),
        ("access", [(name, row.name, row.sources) for name, row in ACCESSES.items()]),
    ],
)
def test_every_row_has_its_own_name_and_sources(kind, rows):
    for key, name, sources in rows:
        assert key == name
        assert sources, name
        for figure in sources:
            assert figure.figure, name
            assert figure.value, name
            assert figure.source.strip(), (name, figure.figure)
            says_why = re.fullmatch(r"unverified: \S.{7,}", figure.source)
            assert figure.verified or says_why, (name, figure.figure)
            assert "unverified" not in figure.source.removeprefix("unverified"), (name, figure.figure)


def test_no_two_rows_of_any_kind_share_a_name():
    kinds = (MODELS, SYRINGES, SETS, ACCESSES, FLUIDS)
    assert len(listing.catalogue()) == sum(len(kind) for kind in kinds)


def test_a_name_that_is_no_row_is_refused_with_the_nearest():
    assert listing.row_named("terumo-20").value is SYRINGES["terumo-20"]
    with pytest.raises(FieldError, match="did you mean 'infusomat-space'"):
        listing.row_named("infusomat-spac")


def test_the_lists_print_every_row_and_every_figure(capsys):
    listing.print_catalogue()
    shown = capsys.readouterr().out
    assert all(name in shown for name in listing.catalogue())
    for name in ("graseby-3100", "bd-plastipak-10", "gravity-set-20", "arterial-20G", "blood"):
        listing.print_row(name)
        shown = "".join(capsys.readouterr().out.split())
        assert all(figure.figure.split()[0] in shown for figure in listing.row_named(name).sources)
        listing.print_json(name)
        assert json.loads(capsys.readouterr().out)["name"] == name
    listing.print_json()
    assert len(json.loads(capsys.readouterr().out)) == len(listing.catalogue())
