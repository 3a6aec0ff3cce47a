"""Whatever sections state a number: the last one in the documented order wins, and the recipe says which it was."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_configuration import configured, values

TASK, KIND, LEARNER, PARENT = "many", "omniglot", "first", "maml"
ENTRIES = [("", ("learners", name)) for name in (PARENT, LEARNER)]
ROWS = [("tiny", ("learners", name)) for name in ("all", LEARNER)]
SECTIONS = [
    (file, (*key, *part)) for file, key in ENTRIES + ROWS for part in ((), ("for", KIND), ("for", TASK))
]  # from the first to the last word
NUMBERS = {"width": ("width",), "training.meta_lr": ("training", "meta_lr")}
PLACES = st.sets(st.sampled_from(range(len(SECTIONS))))
STATEMENTS = st.fixed_dictionaries({"width": PLACES.map(lambda places: places | {0}), "training.meta_lr": PLACES})


def written(statements: dict[str, set[int]]) -> Any:
    """The small configuration in which these sections alone state these numbers: each its place in SECTIONS, from 1."""
    params, budgets = values()
    files = {"": params, "tiny": budgets["tiny"]}
    for name, key in NUMBERS.items():
        for place, (file, section) in enumerate(SECTIONS):
            inner = files[file]
            for part in (*section, *key[:-1]):
                inner = inner.setdefault(part, {})
            inner.pop(key[-1], None)
            if place in statements[name]:
                inner[key[-1]] = place + 1
    return configured(params, budgets)


@settings(max_examples=15)
@given(STATEMENTS)
def test_the_last_section_that_states_a_number_wins(statements):
    stated = written(statements).stated(TASK, LEARNER)
    for name, places in statements.items():
        if places:
            assert stated[name].value == max(places) + 1
            assert stated[name].key == (*SECTIONS[max(places)][1], *NUMBERS[name])
        else:
            assert stated[name].key == NUMBERS[name]  # the default's; width has none


@settings(max_examples=5)
@given(STATEMENTS)
def test_what_is_said_of_a_variant_changes_no_other_entry(statements):
    own = {place for place, (_, section) in enumerate(SECTIONS) if section[1] == LEARNER}
    without = {name: places - own for name, places in statements.items()}
    assert written(statements).recipe(TASK, PARENT) == written(without).recipe(TASK, PARENT)
