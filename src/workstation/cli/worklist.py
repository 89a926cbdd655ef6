"""workstation worklist"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import click

from workstation.cli.output import print_error, print_json, print_table
from workstation.cli.running import run_command, status_of
from workstation.cli.session import Session, json_option, pass_session
from workstation.domain.person_name import PersonName
from workstation.domain.query import WorklistQuery
from workstation.domain.worklist import ORDER_KEYWORDS, STEP_KEYWORDS, WorklistItem
from workstation.services.search import ListWorklist

KEYWORDS = {"node": "Node"} | STEP_KEYWORDS | ORDER_KEYWORDS
_COLUMNS = {
    "start_date": "date",
    "start_time": "time",
    "modality": "modality",
    "station_ae_title": "station",
    "patient_name": "patient name",
    "patient_id": "patient id",
    "accession_number": "accession",
    "step_description": "procedure",
    "step_status": "status",
}
_DATE = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")


@click.command("worklist")
@click.argument("node", metavar="NODE")
@click.option("--date", "date_range", metavar="YYYYMMDD[-YYYYMMDD]", default="", help="Scheduled for these days.")
@click.option("--modality", metavar="M", default="", help="Scheduled for this modality, for example CT.")
@click.option("--station", metavar="AET", default="", help="Scheduled for the station of this AE title.")
@json_option
@pass_session
def command(session: Session, *, node: str, date_range: str, modality: str, station: str, as_json: bool) -> int:
    """List the scheduled procedures of NODE."""
    if date_range and not _DATE.fullmatch(date_range):
        raise click.BadParameter("write YYYYMMDD or YYYYMMDD-YYYYMMDD", param_hint="--date")
    session.node(node)
    query = WorklistQuery(date_range=date_range, modality=modality, station_ae_title=station)
    with session.workplace() as workplace:
        finished = run_command(workplace, ListWorklist(1, node, query), node)
        items = sorted(finished.result or (), key=lambda item: (item.start_date, item.start_time, item.step_id))
        if as_json:
            for item in items:
                print_json(record_of(item))
        elif finished.error is None:
            print_table(list(_COLUMNS.values()), [[_text(getattr(item, name)) for name in _COLUMNS] for item in items])
        if finished.error is not None:
            print_error(finished.error)
        return status_of(finished)


def record_of(item: WorklistItem) -> dict[str, Any]:
    """DICOM keyword -> text, flat: the step's attributes beside those of the order and the patient."""
    return {KEYWORDS[field.name]: _text(getattr(item, field.name)) for field in fields(item)}


def _text(value: str | PersonName) -> str:
    return value.value if isinstance(value, PersonName) else value
