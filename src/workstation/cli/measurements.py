"""workstation measurements"""

from __future__ import annotations

import csv
import sys
from typing import Any

import click

from workstation.cli.output import DONE, FAILED, counted, print_json, print_table, print_warning
from workstation.cli.running import report, run_command
from workstation.cli.session import Session, json_option, pass_session
from workstation.domain.key_objects import KeyObjectTitle
from workstation.domain.uid import is_valid_uid
from workstation.services.annotations import tracking_uid
from workstation.services.measurement_table import COLUMNS, ImageNumbers, MeasuredMark, measured, rows
from workstation.services.save_command import SaveMarks, archived_files
from workstation.services.workplace import Workplace

_TITLES = {title.name.lower().replace("_", "-"): title for title in KeyObjectTitle}
_TABLE = ("series", "image", "frame", "kind", "text", "quantity", "value", "unit", "state")


def _check_study(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not is_valid_uid(value):
        raise click.BadParameter("a UID is digits and dots, 64 characters at most")
    return value


@click.command("measurements")
@click.argument("study", metavar="STUDY", callback=_check_study)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a table of comma-separated values.")
@click.option("--save", is_flag=True, help="Write them into the study as DICOM objects.")
@click.option(
    "--title",
    type=click.Choice(list(_TITLES)),
    default="of-interest",
    show_default=True,
    help="Why the key images are some; with --save.",
)
@click.option("--report/--no-report", default=True, show_default=True, help="Also a structured report; with --save.")
@pass_session
def command(session: Session, *, study: str, as_json: bool, as_csv: bool, save: bool, title: str, report: bool) -> int:
    """List the measurements and key images kept of STUDY (its Study Instance UID), or save them as DICOM.

    Saved are presentation states, a key object selection and a structured report, in new series of the study.
    """
    if as_csv and (as_json or save):
        raise click.UsageError("--csv goes neither with --json nor with --save")
    with session.workplace() as workplace:
        if save:
            return _save(workplace, study, title, with_report=report, as_json=as_json)
        return _list(workplace, study, as_json=as_json, as_csv=as_csv)


def _list(workplace: Workplace, study: str, *, as_json: bool, as_csv: bool) -> int:
    marks = workplace.marks.of_study(study)
    files, numbers = {}, {}
    for series in workplace.archive.series_of(study):
        for stored in workplace.archive.instances_of(series.series_instance_uid):
            uid = stored.instance.sop_instance_uid
            files[uid] = stored.path
            numbers[uid] = ImageNumbers(series.series_number, stored.instance.instance_number)
    found = measured(marks, files, workplace.decode_pool)
    if as_json:
        for one in found:
            print_json(_record(one, numbers.get(one.mark.image.sop_instance_uid, ImageNumbers())))
        return DONE
    table = rows(found, numbers)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table)
    elif not table:
        click.echo("nothing is measured or marked in this study")
    else:
        places = [COLUMNS.index(name) for name in _TABLE]
        print_table(_TABLE, [[row[place] for place in places] for row in table])
    return DONE


def _record(one: MeasuredMark, called: ImageNumbers) -> dict[str, Any]:
    image, annotation = one.mark.image, one.mark.annotation
    return {
        "kind": one.kind,
        "series_number": called.series,
        "instance_number": called.image,
        "frame": image.frame_index + 1,
        "text": annotation.text if annotation is not None else "",
        "points": [list(point) for point in annotation.points] if annotation is not None else [],
        "quantities": [{"name": each.name.value, "value": each.value, "unit": each.unit} for each in one.quantities],
        "state": one.state,
        "series_instance_uid": image.series_instance_uid,
        "sop_instance_uid": image.sop_instance_uid,
        "tracking_uid": tracking_uid(one.mark),
    }


def _save(workplace: Workplace, study: str, title: str, *, with_report: bool, as_json: bool) -> int:
    marks = workplace.marks.of_study(study)
    if not marks:
        print_warning("nothing is measured or marked in this study")
        return FAILED
    saving = SaveMarks(
        study, marks, archived_files(workplace.archive, study), title=_TITLES[title], with_report=with_report
    )
    finished = run_command(workplace, saving, "saving")
    result = finished.result
    if result is None:
        return report(finished, None, "", as_json=as_json)
    record = {
        "states": result.states,
        "key_objects": result.key_objects,
        "reports": result.reports,
        "left_out": result.left_out,
        "sop_instance_uids": list(result.sop_instance_uids),
    }
    parts = (
        (result.states, "presentation state", ""),
        (result.key_objects, "key object selection", ""),
        (result.reports, "report", ""),
    )
    sentence = "saved " + ", ".join(counted(*part) for part in parts if part[0])
    return report(finished, record, sentence, as_json=as_json)
