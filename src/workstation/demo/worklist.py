"""Modality worklist of the embedded PACS (PS3.4 annex K): a day's schedule, and answering C-FIND on it."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from workstation.demo.matching import all_match, datetime_range_matches, texts

SCHEDULED, STARTED, COMPLETED, DISCONTINUED = "SCHEDULED", "STARTED", "COMPLETED", "DISCONTINUED"
# Scheduled Procedure Step Status after each Performed Procedure Step Status.
STATUS_AFTER = {"IN PROGRESS": STARTED, "COMPLETED": COMPLETED, "DISCONTINUED": DISCONTINUED}

_COMBINED = ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime")
_CONTROL = ("SpecificCharacterSet", "TimezoneOffsetFromUTC")


@dataclass(frozen=True, slots=True)
class Appointment:
    """One scheduled step of the story. `day` counts from today."""

    time: str
    modality: str
    station: str
    room: str
    procedure: str
    number: int  # of the order: accession, step and procedure IDs derive from it
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    reason: str = ""
    referring: str = "Nilsen^Kari^^Dr"
    weight: str = ""
    allergies: str = ""
    alerts: str = ""
    special_needs: str = ""
    pregnancy: int = 4  # unknown
    state: str = ""
    confidentiality: str = ""
    contrast: str = ""
    pre_medication: str = ""
    priority: str = "ROUTINE"
    transport: str = "WALKING"
    location: str = "Outpatients"
    status: str = SCHEDULED
    day: int = 0


# fmt: off
APPOINTMENTS: tuple[Appointment, ...] = (
    Appointment("080000", "CT", "CT1", "Room 4", "CT Head without contrast", 908790, "BAKER^Tom", "3301178",
                "19580719", "M", "Fall, headache", weight="81", location="Emergency", transport="STRETCHER",
                priority="HIGH", status=COMPLETED, pregnancy=1),
    Appointment("083000", "CT", "CT1", "Room 4", "CT Thorax Abdomen with contrast", 908812, "GARCÍA LÓPEZ^María",
                "4471920", "19610302", "F", "Follow-up lymphoma", weight="68", pregnancy=1,
                allergies="iodinated contrast \u2014 premedicated", contrast="Iohexol 350 mgI/ml, 90 ml",
                pre_medication="Prednisolone 50 mg", status=STARTED),
    Appointment("090000", "CT", "CT1", "Room 4", "CT Pulmonary angiography", 908820, "ÖZTÜRK^Ayşe", "5510277",
                "19930125", "F", "Suspected pulmonary embolism", weight="59", pregnancy=3, alerts="Pregnant, week 14",
                contrast="Iohexol 350 mgI/ml, 60 ml", priority="STAT", location="Ward 3B", transport="BED"),
    Appointment("091500", "CT", "CT2", "Room 5", "CT Sinus", 908822, "PETROV^Nikolaj=Петров^Николай", "2245781",
                "19771104", "M", "Chronic sinusitis", "Lund^Henrik^^Dr", weight="92"),
    Appointment("094500", "CT", "CT2", "Room 5", "CT Colonography", 908826, "LINDQVIST^Åsa", "7781204",
                "19640516", "F", "Incomplete colonoscopy", weight="64", status=DISCONTINUED, pregnancy=1),
    Appointment("100000", "CT", "CT1", "Room 4", "CT Spine lumbar", 908829, "YAMADA^Tarou=山田^太郎=やまだ^たろう",
                "6672310", "19690808", "M", "Sciatica", "Lund^Henrik^^Dr", weight="70",
                special_needs="Interpreter: Japanese"),
    Appointment("103000", "CT", "CT1", "Room 4", "CT Liver 3-phase", 908833, "SMITH^Anna", "1209934", "19521230", "F",
                "Lesion seen on ultrasound", weight="73", allergies="latex; penicillin",
                contrast="Iohexol 350 mgI/ml, 100 ml", pregnancy=1),
    Appointment("104500", "MR", "MR1", "Room 7", "MR Shoulder left", 908836, "WANG^Xiaodong=王^小東", "5520071",
                "19881011", "M", "Rotator cuff tear?", "Lund^Henrik^^Dr", weight="77",
                alerts="Cardiac pacemaker, MR conditional"),
    Appointment("111500", "DX", "DX1", "Room 1", "Chest PA / LAT", 908841, "Иванов^Пётр", "3310045", "19470130", "M",
                "Cough for six weeks", "Berg^Solveig^^Dr", weight="88", transport="WHEELCHAIR", location="Ward 2A",
                special_needs="Hearing impaired"),
    Appointment("133000", "US", "US1", "Room 9", "US Neck lymph nodes", 908847, "O'BRIEN^Siobhán", "7780021",
                "19900605", "F", "Palpable node, left", "Berg^Solveig^^Dr", weight="61", pregnancy=1,
                confidentiality="Staff member: restricted access"),
    Appointment("090000", "MR", "MR1", "Room 7", "MR Knee right", 908871, "DUPONT^Élodie", "2213097", "20190821", "F",
                "Swelling after sports", "Berg^Solveig^^Dr", weight="24", special_needs="Parent accompanies", day=1),
)
# fmt: on


def _uid(text: str) -> str:
    """A UID made from `text` (PS3.5 B.2), the same on every start of the same day."""
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big')}"


def scheduled_item(appointment: Appointment, today: date) -> Dataset:
    """The worklist item with every return key of Table K.6-1."""
    day = (today + timedelta(days=appointment.day)).strftime("%Y%m%d")
    order = appointment.number
    step = Dataset()
    step.Modality = appointment.modality
    step.RequestedContrastAgent = appointment.contrast
    step.ScheduledStationAETitle = appointment.station
    step.ScheduledProcedureStepStartDate = day
    step.ScheduledProcedureStepStartTime = appointment.time
    step.ScheduledPerformingPhysicianName = "Holm^Ingrid^^Dr"
    step.ScheduledProcedureStepDescription = appointment.procedure
    step.ScheduledProtocolCodeSequence = [_code(f"P-{order % 1000}", "99DEMO", appointment.procedure)]
    step.ScheduledProcedureStepID = f"SPS-{order - 864692}"
    step.ScheduledStationName = appointment.station
    step.ScheduledProcedureStepLocation = appointment.room
    step.PreMedication = appointment.pre_medication
    step.ScheduledProcedureStepStatus = appointment.status
    step.CommentsOnTheScheduledProcedureStep = ""
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.ScheduledProcedureStepSequence = [step]
    _add_order(item, appointment, day)
    _add_patient(item, appointment)
    return item


def _add_order(item: Dataset, appointment: Appointment, day: str) -> None:
    order = appointment.number
    item.StudyInstanceUID = _uid(f"order {order} {day}")
    item.StudyDate = day
    item.StudyTime = appointment.time
    item.AccessionNumber = f"ACC-{order}"
    item.IssuerOfAccessionNumberSequence = [_local_issuer("ST-OLAV-RIS")]
    item.RequestedProcedureID = f"RP-{order - 864692}"
    item.RequestedProcedureDescription = appointment.procedure
    item.RequestedProcedureCodeSequence = [_code(f"R-{order % 1000}", "99DEMO", appointment.procedure)]
    item.RequestedProcedurePriority = appointment.priority
    item.PatientTransportArrangements = appointment.transport
    item.ReasonForTheRequestedProcedure = appointment.reason
    item.ReasonForRequestedProcedureCodeSequence = []
    item.ReferencedStudySequence = []
    item.RequestingPhysician = appointment.referring
    item.ReferringPhysicianName = appointment.referring
    item.PlacerOrderNumberImagingServiceRequest = f"PON-{order}"
    item.FillerOrderNumberImagingServiceRequest = f"FON-{order}"
    item.AdmissionID = f"ADM-{order % 10000}"
    item.CurrentPatientLocation = appointment.location
    item.InstitutionName = "St Olav Hospital"


def _add_patient(item: Dataset, appointment: Appointment) -> None:
    item.PatientName = appointment.patient_name
    item.PatientID = appointment.patient_id
    item.IssuerOfPatientID = "ST-OLAV"
    item.OtherPatientIDsSequence = []
    item.ReferencedPatientSequence = []
    item.PatientBirthDate = appointment.birth_date
    item.PatientSex = appointment.sex
    item.PatientWeight = appointment.weight or None
    item.PatientState = appointment.state
    item.PregnancyStatus = appointment.pregnancy
    item.MedicalAlerts = appointment.alerts
    item.Allergies = appointment.allergies
    item.SpecialNeeds = appointment.special_needs
    item.ConfidentialityConstraintOnPatientDataDescription = appointment.confidentiality


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _local_issuer(name: str) -> Dataset:
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = name
    return issuer


class Worklist:
    """The schedule of `today`. Safe to call from several threads."""

    def __init__(self, today: date, appointments: tuple[Appointment, ...] = APPOINTMENTS) -> None:
        self._lock = threading.Lock()
        self._items = [scheduled_item(appointment, today) for appointment in appointments]

    def items(self) -> list[Dataset]:
        """Copies of all items, in the order of time."""
        with self._lock:
            return sorted((copy.deepcopy(item) for item in self._items), key=_start)

    def find(self, identifier: Dataset) -> Iterator[Dataset]:
        """Replies to a worklist identifier: matching items, cut down to the keys asked for (PS3.4 K.4.1.1)."""
        for item in self.items():
            if _item_matches(identifier, item):
                yield _answer(identifier, item)

    def report(self, study_instance_uid: str, step_id: str, performed_status: str) -> None:
        """Carry the status of a performed step over to the scheduled one it names."""
        with self._lock:
            for item in self._items:
                step = item.ScheduledProcedureStepSequence[0]
                if item.StudyInstanceUID == study_instance_uid and step_id in ("", step.ScheduledProcedureStepID):
                    step.ScheduledProcedureStepStatus = STATUS_AFTER[performed_status]


def _start(item: Dataset) -> str:
    step = item.ScheduledProcedureStepSequence[0]
    return f"{step.ScheduledProcedureStepStartDate}{step.ScheduledProcedureStepStartTime}"


def _item_matches(identifier: Dataset, item: Dataset) -> bool:
    keys = [key for key in identifier if key.keyword not in (*_CONTROL, "ScheduledProcedureStepSequence")]
    if not all_match(keys, item):
        return False
    wanted_steps = identifier.get("ScheduledProcedureStepSequence") or []
    if not wanted_steps:
        return True
    wanted, step = wanted_steps[0], item.ScheduledProcedureStepSequence[0]
    if not all_match([key for key in wanted if key.keyword not in _COMBINED], step):
        return False
    return _period_matches(wanted, step)


def _period_matches(wanted: Dataset, step: Dataset) -> bool:
    dates, times = (_single(wanted, keyword) for keyword in _COMBINED)
    found_date, found_time = (_single(step, keyword) for keyword in _COMBINED)
    if dates and times:
        return datetime_range_matches(dates, times, found_date, found_time)
    return all_match([key for key in wanted if key.keyword in _COMBINED], step)


def _single(dataset: Dataset, keyword: str) -> str:
    values = texts(dataset[keyword]) if keyword in dataset else []
    return values[0] if values else ""


def _answer(identifier: Dataset, item: Dataset) -> Dataset:
    """The part of `item` that `identifier` asks for; a sequence asked for without keys comes whole."""
    reply = Dataset()
    for key in identifier:
        if key.keyword in _CONTROL:
            continue
        found = item.get(key.tag)
        if key.VR != "SQ":
            reply.add(DataElement(key.tag, found.VR, found.value) if found is not None else _blank(key))
        elif found is None or not found.value:
            reply.add(DataElement(key.tag, "SQ", []))
        elif not key.value or not len(key.value[0]):
            reply.add(DataElement(key.tag, "SQ", found.value))
        else:
            reply.add(DataElement(key.tag, "SQ", [_answer(key.value[0], nested) for nested in found.value]))
    if "PatientName" in item:  # the outermost item: nested ones inherit its character set
        reply.SpecificCharacterSet = "ISO_IR 192"
    return reply


def _blank(key: DataElement) -> DataElement:
    return DataElement(key.tag, key.VR, None)
