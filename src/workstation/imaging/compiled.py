"""The compiled inner loops (`kernels`): machine code mapped from a file that `kernel_build` made.

Until they are loaded, and for types of pixel they do not know, NumPy does the same sums (`resample`, `grayscale`);
the results are the same, so nobody needs to know which of the two worked. The GIL is released while they run.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

KINDS = ("uint8", "uint16", "int16")
# What numba's code for raising a Python error refers to. The loops cannot raise: reaching one of these would be
# a defect that has overwritten memory, so it ends the process.
UNREACHED = frozenset(
    {
        "NRT_Free",
        "NRT_MemInfo_call_dtor",
        "numba_do_raise",
        "numba_gil_ensure",
        "numba_gil_release",
        "numba_unpickle",
        "numba_runtime_build_excinfo_struct",
        "PyBytes_FromStringAndSize",
        "PyErr_Clear",
        "PyErr_SetNone",
        "PyErr_SetString",
        "PyErr_WriteUnraisable",
        "PyUnicode_FromString",
        "Py_DecRef",
        "PyExc_RuntimeError",
        "PyExc_StopIteration",
        "PyExc_SystemError",
    }
)
_DIGEST = 32
_ADDRESS, _SIZE, _NUMBER = ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_float
_ARRAY = (_ADDRESS, _SIZE)
_PLAN = (*_ARRAY, _SIZE, *_ARRAY * 4)
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "sample": (*_PLAN, _SIZE, _NUMBER, _NUMBER, *_ARRAY * 2),
    "sample_visible": (*_PLAN, *(_NUMBER,) * 4, *_ARRAY * 3),
    "look_up": (*_ARRAY, _SIZE, *_ARRAY * 2, *(_SIZE,) * 3),
    "paint": (*_ARRAY, _SIZE, *_ARRAY * 3, *(_SIZE,) * 3),
}
Array = NDArray[Any]
Floats = NDArray[np.float32]
Places = NDArray[np.uintp]
Bytes = NDArray[np.uint8]


class Damaged(RuntimeError):
    """A file of machine code that is not what was written."""


class Plan(NamedTuple):
    """Where each output pixel begins on either axis, and its weights; float32, so that two products are exact enough.

    `row_weights` is (rows, weights), `column_weights` (weights, columns).
    """

    rows: Places
    row_weights: Floats
    columns: Places
    column_weights: Floats


class _Once:
    """Machine code belongs to the process, like an import."""

    compiled: Compiled | None = None


def loaded() -> Compiled | None:
    """The compiled loops, None while there are none."""
    return _Once.compiled


def load(file: Path) -> None:
    """Map `file` into this process for good; raises Damaged, ImportError or OSError and changes nothing then."""
    _Once.compiled = Compiled(file)


def file_in(folder: Path) -> Path:
    """Where the code lies that fits this program, this processor and the installed LLVM."""
    import llvmlite  # noqa: PLC0415 - 130 MB to map: not before the first picture
    from llvmlite import binding  # noqa: PLC0415

    parts = [llvmlite.__version__, sys.platform, binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    key = hashlib.sha256("\n".join(parts).encode())
    for name in ("kernels", "kernel_build", "compiled"):
        key.update(_source(name))
    return folder / f"kernels-{key.hexdigest()[:24]}.o"


def sealed(code: bytes) -> bytes:
    """What a file of machine code holds: LLVM ends the process that gives it anything else than a whole one."""
    return hashlib.sha256(code).digest() + code


def _checked(content: bytes) -> bytes:
    digest, code = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(code).digest() != digest:
        raise Damaged("the file of compiled loops is damaged")
    return code


def _source(name: str) -> bytes:
    """A frozen application has no sources; it has a folder of its own for each version instead."""
    file = Path(__file__).with_name(f"{name}.py")
    return file.read_bytes() if file.exists() else b""


class Compiled:
    """The functions of one object file, taking arrays. Thread safe."""

    def __init__(self, file: Path) -> None:
        from llvmlite import binding  # noqa: PLC0415

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        library = ctypes.cdll.msvcrt if os.name == "nt" else ctypes.CDLL(None)
        abort = ctypes.cast(library.abort, ctypes.c_void_p).value
        for name in UNREACHED:
            binding.add_symbol(name, abort)
        machine = binding.Target.from_default_triple().create_target_machine(jit=True)
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(_checked(file.read_bytes())))
        self._engine.finalize_object()
        self._functions = {
            (name, kind): self._function(name, kind)
            for name in _ARGUMENTS
            for kind in KINDS
            if kind != "int16" or name.startswith("sample")
        }

    def _function(self, name: str, kind: str) -> Callable[..., None]:
        address = self._engine.get_function_address(f"{name}_{kind}")
        if not address:
            raise RuntimeError(f"there is no {name}_{kind}")
        return ctypes.CFUNCTYPE(None, *_ARGUMENTS[name])(address)

    @staticmethod
    def knows(values: Array) -> bool:
        """Whether the loops take this type of pixel."""
        return values.dtype.name in KINDS and values.dtype.isnative

    def sample(self, values: Array, plan: Plan) -> Array:
        """`kernels.sample` for `values` of (rows, columns) or (rows, columns, channels); gives their type."""
        channels = 1 if values.ndim == 2 else values.shape[2]
        values, width = _fit(values), values.shape[1] * channels
        if channels > 1:
            places = plan.columns[:, None] * np.uintp(channels) + np.arange(channels, dtype=np.uintp)
            plan = plan._replace(
                columns=places.astype(np.uintp).reshape(-1),
                column_weights=np.repeat(plan.column_weights, channels, axis=1),
            )
        scratch = np.empty(width + plan.columns.size, np.float32)
        output = np.empty((plan.rows.size, plan.columns.size), values.dtype)
        limits = np.iinfo(values.dtype)
        arrays = [number for array in plan for number in _flat(array)]
        self._functions["sample", values.dtype.name](
            *_flat(values), width, *arrays, channels, limits.min, limits.max, *_flat(scratch), *_flat(output)
        )
        return output.reshape(plan.rows.size, -1, *values.shape[2:])

    def sample_visible(
        self, values: Array, padding: tuple[float, float], plan: Plan
    ) -> tuple[Array, NDArray[np.bool_]]:
        """As `sample` for one channel, padding weighing nothing; and where padding prevails."""
        values = _fit(values)
        scratch = np.empty(2 * (values.shape[1] + plan.columns.size), np.float32)
        output = np.empty((plan.rows.size, plan.columns.size), values.dtype)
        hidden = np.empty(output.shape, np.bool_)
        limits = np.iinfo(values.dtype)
        arrays = [number for array in plan for number in _flat(array)]
        self._functions["sample_visible", values.dtype.name](
            *_flat(values), values.shape[1], *arrays, *padding, limits.min, limits.max,
            *_flat(scratch), *_flat(output), *_flat(hidden),
        )  # fmt: skip
        return output, hidden

    def look_up(self, values: Array, table: Bytes, screen: Bytes) -> None:
        """Write the table's entries of the raw bit patterns of `values` into `screen`, any view of a screen."""
        patterns = _patterns(values)
        if patterns.size:
            self._functions["look_up", patterns.dtype.name](
                *_flat(patterns), patterns.shape[1], *_flat(table), *_span(screen)
            )

    def paint(self, values: Array, table: Bytes, colours: Bytes, screen: Bytes) -> None:
        """As `look_up`, through `colours` (256, 3) into a `screen` of (rows, columns, 3)."""
        patterns = _patterns(values)
        if patterns.size:
            self._functions["paint", patterns.dtype.name](
                *_flat(patterns), patterns.shape[1], *_flat(table), *_flat(colours), *_span(screen)
            )

    def try_out(self) -> None:
        """Every function once; raises RuntimeError when one does not do what it should."""
        place, weights = np.zeros(1, np.uintp), np.full((2, 1), 0.5, np.float32)
        plan = Plan(place, weights.reshape(1, 2), place, weights)
        for kind in KINDS:
            values = np.array([[1, 2], [4, 9]], kind)
            blended = self.sample(values, plan)
            visible, _ = self.sample_visible(values, (9, 9), plan)
            screen, coloured = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8)
            table = np.arange(1 << (8 * values.itemsize)).astype(np.uint8)
            self.look_up(values, table, screen)
            self.paint(values, table, np.arange(768).reshape(256, 3).astype(np.uint8), coloured)
            right = blended == 4 and visible == 2 and (screen == values).all() and (coloured[..., 1] == 3 * values + 1)
            if not np.all(right):
                raise RuntimeError(f"the compiled loops compute something else for {kind}")


def _fit(values: Array) -> Array:
    """Aligned and in C order, as the loops expect it: a copy only where it is not."""
    return values if values.flags.c_contiguous and values.flags.aligned else np.array(values, order="C")


def _patterns(values: Array) -> Array:
    return _fit(values).view(f"u{values.dtype.itemsize}")


def _flat(array: Array) -> tuple[int, int]:
    return array.ctypes.data, array.size


def _span(screen: Bytes) -> tuple[int, int, int, int, int]:
    """The memory a view of bytes lies in, the steps down and across, and where its first pixel is.

    The caller keeps the screen, so its base stays alive during the call.
    """
    down, across = screen.strides[:2]
    corners = [0, down * (screen.shape[0] - 1), across * (screen.shape[1] - 1)]
    begin = -sum(offset for offset in corners if offset < 0)
    size = sum(abs(offset) for offset in corners) + (screen.shape[2] if screen.ndim == 3 else 1)
    return screen.ctypes.data - begin, size, down, across, begin
