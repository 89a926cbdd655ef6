"""Compiles the inner loops into an object file, in a process of its own: `python -m workstation.imaging.kernel_build`.

Numba needs a second to be imported and four to compile, with pauses in which nothing else runs; the window's
process only maps the finished machine code (`compiled`), which takes 70 ms and pauses nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workstation.imaging import kernels
from workstation.imaging.compiled import KINDS, UNREACHED, Compiled, sealed

BUILD_ARGUMENT = "--build-kernels"  # how a frozen application starts itself for this
_START_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from workstation.imaging.kernel_build import main; main()"
_NICENESS = 10


def start(file: Path) -> subprocess.Popen[bytes]:
    """A process that makes `file`; it ends with status 0 when the file is there."""
    if getattr(sys, "frozen", False):
        command = [sys.executable, BUILD_ARGUMENT, str(file)]
    else:
        package_root = str(Path(__file__).resolve().parents[2])
        command = [sys.executable, "-P", "-c", _START_CODE, package_root, str(file)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)


def main() -> None:
    """What the process does."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    build(Path(sys.argv[-1]))


def build(file: Path) -> None:
    """Compile for the processor of this machine; the file appears only when its code has been tried.

    Raises ImportError without numba, RuntimeError when the code wants something that `compiled` does not give it.
    """
    import llvmlite.binding as llvm  # noqa: PLC0415 - so that the window's process can import `start`

    whole = llvm.parse_assembly("")
    for text in _assembly():
        whole.link_in(llvm.parse_assembly(text))
    wanted = {item.name for items in (whole.functions, whole.global_variables) for item in items if item.is_declaration}
    unknown = {name for name in wanted if not name.startswith("llvm.")} - UNREACHED
    if unknown:
        raise RuntimeError(f"the compiled code wants {', '.join(sorted(unknown))}")
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{os.getpid()}-{file.name}")
    try:
        draft.write_bytes(sealed(machine.emit_object(whole)))
        Compiled(draft).try_out()
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _assembly() -> list[str]:
    """The optimised intermediate code of each function for each type of pixel, under its own name."""
    import numba  # noqa: PLC0415

    types = numba.types
    found = []
    for name, numba_type in ((kind, getattr(types, kind)) for kind in KINDS):
        entries = _entries(numba_type)
        for function in ("sample", "sample_visible", *(() if name == "int16" else ("look_up", "paint"))):
            arguments, entry = entries[function]
            compiled = numba.cfunc(types.void(*arguments), error_model="numpy")(entry)
            found.append(compiled.inspect_llvm().replace(compiled.native_name, f"{function}_{name}"))
    return found


def _entries(kind: Any) -> dict[str, tuple[tuple[Any, ...], Any]]:
    """C functions around the loops: each array is an address and a size."""
    import numba  # noqa: PLC0415

    types, array = numba.types, numba.carray
    pixels = (types.CPointer(kind), types.intp)
    floats = (types.CPointer(types.float32), types.intp)
    places = (types.CPointer(types.uintp), types.intp)
    octets = (types.CPointer(types.uint8), types.intp)
    number, whole = types.float32, types.intp
    compiled = numba.njit(error_model="numpy")
    sampling, sampling_visible = compiled(kernels.sample), compiled(kernels.sample_visible)
    looking_up, painting = compiled(kernels.look_up), compiled(kernels.paint)

    def sample(v, vn, width, r, rn, rw, rwn, c, cn, cw, cwn, channels, low, high, s, sn, o, on):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        sampling(
            array(v, (vn,)), width, array(r, (rn,)), array(rw, (rwn,)), array(c, (cn,)), array(cw, (cwn,)),
            channels, low, high, array(s, (sn,)), array(o, (on,)),
        )  # fmt: skip

    def sample_visible(v, vn, width, r, rn, rw, rwn, c, cn, cw, cwn, first, last, low, high, s, sn, o, on, h, hn):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        sampling_visible(
            array(v, (vn,)), width, array(r, (rn,)), array(rw, (rwn,)), array(c, (cn,)), array(cw, (cwn,)),
            first, last, low, high, array(s, (sn,)), array(o, (on,)), array(h, (hn,)),
        )  # fmt: skip

    def look_up(v, vn, width, t, tn, o, on, down, across, begin):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        looking_up(array(v, (vn,)), width, array(t, (tn,)), array(o, (on,)), down, across, begin)

    def paint(v, vn, width, t, tn, k, kn, o, on, down, across, begin):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        painting(
            array(v, (vn,)), width, array(t, (tn,)), array(k, (kn,)), array(o, (on,)), down, across, begin
        )  # fmt: skip

    plan = (*pixels, whole, *places, *floats, *places, *floats)
    return {
        "sample": ((*plan, whole, number, number, *floats, *pixels), sample),
        "sample_visible": ((*plan, *(number,) * 4, *floats, *pixels, *octets), sample_visible),
        "look_up": ((*pixels, whole, *octets, *octets, whole, whole, whole), look_up),
        "paint": ((*pixels, whole, *octets, *octets, *octets, whole, whole, whole), paint),
    }


if __name__ == "__main__":
    main()
