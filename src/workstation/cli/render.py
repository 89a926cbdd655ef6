"""workstation render"""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.output import DONE, print_json
from workstation.cli.session import Session, json_option, pass_session
from workstation.dicom.decode import frame_count
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.render import render_png
from workstation.domain.errors import NoPixelData
from workstation.imaging.frame import VoiFunction, Window
from workstation.services.write_document import is_recording, write_sheet, write_text


def _frames(session: Session, path: Path) -> int:
    try:
        return frame_count(path)
    except NoPixelData as error:
        with DecodePool(session.settings().decode) as pool:
            try:
                return pool.pages(path)
            except NoPixelData:
                raise error from None


def _told(path: Path, out: Path, as_json: bool) -> int:
    if as_json:
        print_json({"path": str(path), "out": str(out)})
    else:
        click.echo(f"Wrote {out}.")
    return DONE


def _parse_window(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Window | None:
    if text is None:
        return None
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter("write CENTER,WIDTH, for example 40,400") from error
    if not 0 < width < float("inf") or not abs(center) < float("inf"):
        raise click.BadParameter("the width must be greater than 0")
    # LINEAR is not defined for a width below 1 (PS3.3 C.11.2.1.2.1)
    return Window(center, width, function=VoiFunction.LINEAR if width >= 1 else VoiFunction.LINEAR_EXACT)


@click.command("render")
@click.argument("path", metavar="PATH", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", metavar="OUT.png", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--frame", type=click.IntRange(min=1), default=1, show_default=True, help="Number of the frame, from 1.")
@click.option("--window", metavar="C,W", callback=_parse_window, help="Window centre and width instead of the file’s.")
@click.option(
    "--presentation-state",
    "presentation",
    metavar="PR",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a softcopy presentation state to show it by.",
)
@click.option(
    "--graphics/--no-graphics",
    default=True,
    help="Draw the graphics and texts of the presentation state, or leave them out.",
)
@json_option
@pass_session
def command(
    session: Session,
    *,
    path: Path,
    out: Path,
    frame: int,
    window: Window | None,
    presentation: Path | None,
    graphics: bool,
    as_json: bool,
) -> int:
    """Write one frame of a file as a PNG picture, as the viewer shows it, pixel for pixel.

    Pages of encapsulated PDFs and wave forms too. An object without a picture is written as text where OUT ends in
    .txt, as a page where it ends in .html.
    """
    if out.suffix.lower() in (".txt", ".html"):
        write_text(path, out)
        return _told(path, out, as_json)
    if is_recording(path):
        write_sheet(path, out)
        return _told(path, out, as_json)
    frames = _frames(session, path)
    if frame > frames:
        raise click.BadParameter(f"the file has {frames} frame{'' if frames == 1 else 's'}", param_hint="--frame")
    with DecodePool(session.settings().decode) as pool:
        width, height = render_png(
            path, out, frame - 1, window, pool=pool, presentation=presentation, graphics=graphics
        )
    if as_json:
        print_json({"path": str(path), "out": str(out), "frame": frame, "width": width, "height": height})
    else:
        click.echo(f"Wrote frame {frame} to {out} ({width} x {height}).")
    return DONE
