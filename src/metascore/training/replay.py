"""Records the operations of a function of tensors once, and replays them without its Python code.

Mapping over episodes and differentiating, torch.func spends about ten milliseconds of Python on a chunk, whatever
the chunk holds, and leaves more views of tensors behind than operations on them. A recording is the list of PyTorch's
operations that reached the kernels, in their order and with their numbers, so it computes the same bits. In it, a view
of a view is a view of the tensor that owns the memory, which leaves most of them without a user, and what is computed
from the same tensors twice is computed once: the embedding of queries by features that an adaptation leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import getitem
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.fx import Graph, GraphModule, Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map_only, tree_unflatten
from torch.utils.weak import WeakTensorKeyDictionary

PATIENCE = 1  # calls before the one that is recorded, which takes about as long as three of them
KEPT = 32  # recordings and counts of calls

aten = torch.ops.aten
Layout = tuple[Any, ...]  # of a tensor: shape, strides, offset; then what it holds


class Recorder:
    """Calls functions of tensors, and records what it has called PATIENCE times."""

    def __init__(self, patience: int = PATIENCE) -> None:
        self.patience = patience
        self._known: dict[Hashable, int | Recording] = {}

    def __call__(self, key: Hashable, function: Callable[..., Any], *inputs: Any) -> Any:
        """What `function` returns for these inputs: tensors without gradients, in dictionaries and tuples.

        Functions of equal keys must be the same pure function. A recording is for one structure and layout of the
        inputs, and for what is in them beside tensors, which must be hashable.
        """
        every, structure = tree_flatten(inputs)
        leaves = [leaf for leaf in every if isinstance(leaf, Tensor)]
        call = (key, hashable(structure), *(_layout(leaf) if isinstance(leaf, Tensor) else leaf for leaf in every))
        known = self._known.get(call, 0)
        if isinstance(known, Recording):
            return known(leaves)
        if known < self.patience:
            self._remember(call, known + 1)
            return function(*inputs)
        tape = _Tape(leaves)
        with tape:
            result = function(*inputs)
        self._remember(call, tape.recording(result))
        return result

    def recordings(self) -> list[Recording]:
        """What was recorded so far."""
        return [known for known in self._known.values() if isinstance(known, Recording)]

    def forget(self) -> None:
        """Free the memory of all recordings."""
        self._known.clear()

    def _remember(self, call: Hashable, known: int | Recording) -> None:
        self._known[call] = known
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]  # the oldest


class Recording:
    """A function's operations, for inputs of one layout."""

    def __init__(self, graph: Graph, constants: dict[str, Tensor], structure: Any) -> None:
        self.operations = GraphModule(constants, graph)
        self.structure = structure

    def __call__(self, leaves: Sequence[Tensor]) -> Any:
        """The function's result for inputs with these tensors."""
        with torch.no_grad():
            return tree_unflatten(self.operations(*leaves), self.structure)


class _Place(NamedTuple):
    """Where a recording has a tensor: at a node that may be a view of its owner's memory, which has this layout."""

    node: Node
    owner: Node
    layout: Layout


class _Tape(TorchDispatchMode):
    """While active, writes down every operation that reaches the kernels."""

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()
        self.graph = Graph()
        self.constants: dict[str, Tensor] = {}
        self._places = WeakTensorKeyDictionary()
        self._views: dict[tuple[Node, Layout], Node] = {}
        for number, value in enumerate(inputs):
            self._own(value, self.graph.placeholder(f"input_{number}"))

    def recording(self, result: Any) -> Recording:
        """What was written, as a function that returns tensors in the structure of `result`."""
        leaves, structure = tree_flatten(result)
        self.graph.output(tuple(self._place(value).node for value in leaves))
        self.graph.eliminate_dead_code()
        _compute_once(self.graph)
        return Recording(self.graph, self.constants, structure)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is aten._local_scalar_dense.default:
            raise RuntimeError("a function that looks at the values of tensors can't be recorded")
        result = func(*args, **(kwargs or {}))
        results = result if isinstance(result, list | tuple) else (result,)
        if _is_view(func) and self._place(args[0]).layout[3:] == _layout(results[0])[3:]:
            for value in results:
                self._view(value, self._place(args[0]))
            return result
        node = self.graph.call_function(func, *tree_map_only(Tensor, lambda x: self._place(x).node, (args, kwargs)))
        for number, value in enumerate(results):
            if isinstance(value, Tensor) and value not in self._places:  # known: it was changed in place
                single = value is result
                self._own(value, node if single else self.graph.call_function(getitem, (node, number)))
        return result

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: nothing is compiled, and asking to be skipped would import the compiler."""
        return False

    def _own(self, value: Tensor, node: Node) -> None:
        self._places[value] = _Place(node, node, _layout(value))

    def _view(self, value: Tensor, of: _Place) -> None:
        """Once for all views of one layout; the owner itself where the layout is its own."""
        layout = _layout(value)
        key = (of.owner, layout)
        if layout == of.layout:
            node = of.owner
        elif key in self._views:
            node = self._views[key]
        else:
            node = self._views[key] = self.graph.call_function(aten.as_strided.default, (of.owner, *layout[:3]))
        self._places[value] = _Place(node, of.owner, of.layout)

    def _place(self, value: Tensor) -> _Place:
        if value not in self._places:  # it was there before: a constant of the function
            name = f"constant_{len(self.constants)}"
            self.constants[name] = value
            self._own(value, self.graph.get_attr(name))
        return self._places[value]


def _compute_once(graph: Graph) -> None:
    """Let equal operations on equal tensors be one, but for memory that anything changes in place."""
    calls = [node for node in graph.nodes if node.op == "call_function"]
    changed = {_owner(one) for node in calls for one in _changed(node)}
    first: dict[Hashable, Node] = {}
    for node in calls:
        leaves, structure = tree_flatten((node.args, node.kwargs))
        if any(_owner(one) in changed for one in (node, *leaves) if isinstance(one, Node)) or _is_random(node.target):
            continue
        # Numbers by type and digits, since 1, 1.0 and True are equal, and so are 0.0 and -0.0.
        call = (
            node.target,
            hashable(structure),
            *(one if isinstance(one, Node) else (type(one), repr(one)) for one in leaves),
        )
        if first.setdefault(call, node) is not node:
            node.replace_all_uses_with(first[call])
            graph.erase_node(node)


def _owner(node: Node) -> Node:
    """The node whose memory a node looks at, or is one of several results in."""
    while node.op == "call_function" and (node.target is getitem or _is_view(node.target)):
        node = cast(Node, node.args[0])
    return node


def _changed(node: Node) -> Iterator[Node]:
    """The tensors that an operation changes in place."""
    if isinstance(node.target, OpOverload):
        for number, argument in enumerate(node.target._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                given = node.args[number] if number < len(node.args) else node.kwargs.get(argument.name)
                yield from (one for one in tree_leaves(given) if isinstance(one, Node))


def _is_random(func: Any) -> bool:
    return isinstance(func, OpOverload) and torch.Tag.nondeterministic_seeded in func.tags


def _is_view(func: Any) -> bool:
    """Whether an operation only looks at the memory of its first argument."""
    return func.is_view or func is aten._unsafe_view.default


def hashable(structure: Any) -> Hashable:
    """A structure of tree_flatten as a key; older versions of torch keep its parts in lists."""
    try:
        hash(structure)
    except TypeError:
        return repr(structure)
    return cast(Hashable, structure)


def _layout(value: Tensor) -> Layout:
    return tuple(value.shape), value.stride(), value.storage_offset(), value.dtype, value.device
