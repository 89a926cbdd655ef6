"""Nouns as rows and rows as nouns: columns are named for the fields of `domain.study`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from workstation.domain.person_name import PersonName
from workstation.domain.study import Instance, Level, Patient, Series, Study

Noun = TypeVar("Noun", Patient, Study, Series, Instance)

_COUNTS = ("study_count", "series_count", "instance_count")
_MODALITIES = (
    "(SELECT group_concat(modality, '\\') FROM (SELECT DISTINCT modality FROM series AS own"
    " WHERE own.study_instance_uid = study.study_instance_uid AND modality <> '' ORDER BY modality))"
)
_TABLE = {Study: "study", Series: "series", Instance: "instance"}
_FROM = {
    Study: "study",
    Series: "series JOIN study USING (study_instance_uid)",
    Instance: "instance JOIN series USING (study_instance_uid, series_instance_uid)"
    " JOIN study USING (study_instance_uid)",
}
_ORDER = {
    Study: "study.study_date DESC, study.study_time DESC, study.study_instance_uid",
    Series: "study.study_date DESC, study.study_time DESC, study.study_instance_uid,"
    " series.series_number IS NULL, series.series_number, series.series_instance_uid",
    Instance: "instance.study_instance_uid, instance.series_instance_uid,"
    " instance.instance_number IS NULL, instance.instance_number, instance.sop_instance_uid",
}
# Patients that share an ID but not name and birth date are not one patient.
_PATIENTS = (
    "SELECT patient_id, patient_name, issuer_of_patient_id, birth_date, sex, count(*) FROM study WHERE {where}"
    " GROUP BY patient_id, issuer_of_patient_id, name_alphabetic, name_ideographic, birth_date"
    " ORDER BY max(study_date) DESC, patient_id"
)


def select(noun: type[Any], extra: str = "") -> str:
    columns = (_MODALITIES if item.name == "modalities" else f"{_TABLE[noun]}.{item.name}" for item in fields(noun))
    return f"SELECT {', '.join(columns)}{extra} FROM {_FROM[noun]} WHERE {{where}} ORDER BY {_ORDER[noun]}"


SELECTS: dict[Level, tuple[str, type[Any]]] = {
    Level.PATIENT: (_PATIENTS, Patient),
    Level.STUDY: (select(Study), Study),
    Level.SERIES: (select(Series), Series),
    Level.IMAGE: (select(Instance), Instance),
}


def to_noun(noun: type[Noun], row: Sequence[Any]) -> Noun:
    values: dict[str, Any] = {}
    for item, value in zip(fields(noun), row, strict=True):
        if isinstance(item.default, PersonName):
            values[item.name] = PersonName.parse(value)
        elif isinstance(item.default, tuple):
            values[item.name] = tuple((value or "").split("\\")) if value else ()
        else:
            values[item.name] = value
    return noun(**values)


def to_values(noun: Study | Series | Instance) -> dict[str, Any]:
    """Column -> value, without what the index counts itself."""
    values: dict[str, Any] = {}
    for item in fields(noun):
        if item.name == "modalities" or item.name in _COUNTS:
            continue
        value = getattr(noun, item.name)
        values[item.name] = value.value if isinstance(value, PersonName) else value
    return values
