"""What a learner's file may say: its fields are the schema, and what can't be read is named with file and line."""

import pytest

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
        signatures._definition.cache_clear()
        signatures.fields.cache_clear()

    yield write
    signatures._definition.cache_clear()
    signatures.fields.cache_clear()


def test_fields_are_the_schema(write):
    write(
        ONE + "    family: ClassVar[str] = 'metric'\n    width: int\n    rate: Optional[float] = None\n"
        "    other: float | None = 0.5\n    mode: Literal['a', 'b'] = 'a'\n"
    )
    optional = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}
    assert signatures.hyper_parameters("one") == {
        "width": {"type": "integer", "minimum": 0},
        "rate": optional,
        "other": optional,
        "mode": {"enum": ["a", "b"]},
    }
    assert signatures.required("one") == ["width"]
    assert signatures.fields("one")["other"].default == 0.5
    assert signatures.fields("one")["width"].line == 7


@pytest.mark.parametrize(
    "text, said",
    [
        (HEAD + "class One(MAML):\n    pass\n", "line 5: One: no learner"),
        (ONE + "    pass\n\nclass Two(AbstractLearner):\n    pass\n", "line 8: Two is a second learner"),
        (ONE + "    pass\n\nclass Two(One):\n    pass\n", "line 8: Two is a second learner"),
        ("class One(AbstractLearner):\n    width: int\n", "line 1: One is no frozen dataclass"),
        ("@dataclass(frozen=True)\nclass One(AbstractLearner):\n    pass\n", "line 2: One is no frozen dataclass"),
        ("def broken(:\n", "line 1: invalid syntax"),
        (ONE + "    width: Tensor\n", "line 6: `Tensor`"),
        (ONE + "    width: int = compute()\n", "line 6: `compute()`"),
        (ONE + "    needs: ClassVar[tuple[str, ...]] = NEEDS\n    width: int\n", "line 6: `NEEDS`"),
        ("", "one.py: no learner"),
    ],
)
def test_what_cannot_be_read_is_named_with_file_and_line(write, text, said):
    write(text)
    with pytest.raises(UsageError) as error:
        signatures.fields("one"), signatures.needs("one")
    assert said in str(error.value) and "one.py" in str(error.value) and "\n" not in str(error.value)


def test_hidden_and_broken_files_that_nobody_names_are_in_nobodys_way(write, tmp_path):
    write(ONE + "    width: int\n")
    write("def broken(:\n", name="broken")
    (tmp_path / ".#one.py").symlink_to("nowhere")
    assert signatures.learner_files() == ["one"]
    assert not signatures.exists(".#one") and signatures.exists("broken")
