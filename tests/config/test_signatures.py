"""What a learner's file may say: its fields are the schema, and what can't be read is named with file and line."""

import pytest
from pydantic import ValidationError

from metascore.config import signatures
from metascore.errors import UsageError

HEAD = "from dataclasses import dataclass\n\n\n@dataclass(frozen=True, kw_only=True)\n"
ONE = HEAD + "class One(AbstractLearner):\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes learners/one.py."""
    monkeypatch.setattr(signatures, "LEARNERS", tmp_path)

    def write(text, name="one"):
        (tmp_path / f"{name}.py").write_text(text)
        signatures.of.cache_clear()

    yield write
    signatures.of.cache_clear()


def test_fields_are_the_schema(write):
    write(
        ONE + "    family: ClassVar[str] = 'metric'\n    width: int\n    rate: Optional[float] = None\n"
        "    other: float | None = 0.5\n    mode: Literal['a', 'b'] = 'a'\n"
    )
    found = signatures.of("one")
    assert list(found.types) == ["width", "rate", "other", "mode"]
    assert found.defaults == {"rate": None, "other": 0.5, "mode": "a"}
    for name, good, bad in [
        ("width", 3, -1),
        ("width", 0, 1.0),
        ("rate", None, "1"),
        ("other", 2, -0.5),
        ("mode", "b", "c"),
    ]:
        assert found.types[name].validate_python(good) == good
        with pytest.raises(ValidationError):
            found.types[name].validate_python(bad)


@pytest.mark.parametrize(
    "text, said",
    [
        (HEAD + "class One(MAML):\n    pass\n", "line 5: One: no learner"),
        (ONE + "    pass\n\nclass Two(AbstractLearner):\n    pass\n", "line 8: Two: a second learner"),
        (ONE + "    pass\n\nclass Two(One):\n    pass\n", "line 8: Two: a second learner"),
        ("class One(AbstractLearner):\n    width: int\n", "line 1: One is no frozen dataclass"),
        ("@dataclass(frozen=True)\nclass One(AbstractLearner):\n    pass\n", "line 2: One is no frozen dataclass"),
        ("def broken(:\n", "line 1: invalid syntax"),
        (ONE + "    width: Tensor\n", "line 6: `width: Tensor`"),
        (ONE + "    width: int = compute()\n", "line 6: `width: int = compute()`"),
        (
            ONE + "    needs: ClassVar[tuple[str, ...]] = NEEDS\n    width: int\n",
            "line 6: `needs: ClassVar[tuple[str, ...]] = NEEDS`",
        ),
        ("", "one.py: no learner"),
    ],
)
def test_what_cannot_be_read_is_named_with_file_and_line(write, text, said):
    write(text)
    with pytest.raises(UsageError) as error:
        signatures.of("one")
    assert said in str(error.value) and "one.py" in str(error.value) and "\n" not in str(error.value)


def test_hidden_and_broken_files_that_nobody_names_are_in_nobodys_way(write, tmp_path):
    write(ONE + "    width: int\n")
    write("def broken(:\n", name="broken")
    (tmp_path / ".#one.py").symlink_to("nowhere")
    assert signatures.learner_files() == ["one"]
