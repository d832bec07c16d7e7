"""What taxonomy.yaml may demand is what an entry can demand.

``config`` knows nothing of ``crm_core``, so the list stands twice.
"""

from pathlib import Path
from typing import get_args

import pytest
from company_files import TAXONOMY, write, write_company

import config
from config.schema import Requirable
from crm_core.tags.classification import REQUIRABLE


def test_the_configuration_accepts_the_fields_that_an_entry_can_demand() -> None:
    assert set(get_args(Requirable)) == set(REQUIRABLE)


def test_another_field_is_refused_at_its_place_with_a_guess(tmp_path: Path) -> None:
    folder = write_company(tmp_path / "etc")
    write(folder, "taxonomy.yaml", TAXONOMY)
    file = folder / "taxonomy.yaml"
    text = file.read_text().replace(
        '"name": "Offerte"', '"required": ["notes"],\n"name": "Offerte"'
    )
    file.write_text(text)
    with pytest.raises(config.ConfigError) as refused:
        config.load(folder)
    (problem,) = refused.value.problems
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "notes" in one)
    assert (problem.file, problem.line) == ("taxonomy.yaml", line)
    assert "Meinten Sie «note»?" in problem.sentence("de")
