"""A scheduled procedure step as a worklist node offers it (PS3.4 annex K)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from workstation.domain.person_name import PersonName
from workstation.domain.study import attribute


def of_the_step(keyword: str, default: Any = "") -> Any:
    """A field that stands for an attribute inside the Scheduled Procedure Step Sequence (0040,0100)."""
    return field(default=default, metadata={"keyword": keyword, "step": True})


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """One item of the Scheduled Procedure Step Sequence with the order and the patient around it.

    Every text is as sent; an absent attribute is empty.
    """

    node: str = ""  # which configured node offered it
    # the step
    start_date: str = of_the_step("ScheduledProcedureStepStartDate")
    start_time: str = of_the_step("ScheduledProcedureStepStartTime")
    modality: str = of_the_step("Modality")
    station_ae_title: str = of_the_step("ScheduledStationAETitle")
    station_name: str = of_the_step("ScheduledStationName")
    step_location: str = of_the_step("ScheduledProcedureStepLocation")
    step_id: str = of_the_step("ScheduledProcedureStepID")
    step_description: str = of_the_step("ScheduledProcedureStepDescription")
    step_status: str = of_the_step("ScheduledProcedureStepStatus")
    performing_physician: PersonName = of_the_step("ScheduledPerformingPhysicianName", PersonName())
    pre_medication: str = of_the_step("PreMedication")
    requested_contrast_agent: str = of_the_step("RequestedContrastAgent")
    # the order
    study_instance_uid: str = attribute("StudyInstanceUID")
    accession_number: str = attribute("AccessionNumber")
    requested_procedure_id: str = attribute("RequestedProcedureID")
    requested_procedure_description: str = attribute("RequestedProcedureDescription")
    reason: str = attribute("ReasonForTheRequestedProcedure")
    priority: str = attribute("RequestedProcedurePriority")
    transport: str = attribute("PatientTransportArrangements")
    referring_physician: PersonName = attribute("ReferringPhysicianName", PersonName())
    requesting_physician: PersonName = attribute("RequestingPhysician", PersonName())
    admission_id: str = attribute("AdmissionID")
    patient_location: str = attribute("CurrentPatientLocation")
    # the patient
    patient_name: PersonName = attribute("PatientName", PersonName())
    patient_id: str = attribute("PatientID")
    issuer_of_patient_id: str = attribute("IssuerOfPatientID")
    birth_date: str = attribute("PatientBirthDate")
    sex: str = attribute("PatientSex")
    weight: str = attribute("PatientWeight")  # kg
    patient_state: str = attribute("PatientState")
    pregnancy_status: str = attribute("PregnancyStatus")
    medical_alerts: str = attribute("MedicalAlerts")
    allergies: str = attribute("Allergies")
    special_needs: str = attribute("SpecialNeeds")
    confidentiality: str = attribute("ConfidentialityConstraintOnPatientDataDescription")


# Field -> keyword, inside the one item of the Scheduled Procedure Step Sequence and around it.
STEP_KEYWORDS: dict[str, str] = {
    item.name: item.metadata["keyword"] for item in fields(WorklistItem) if item.metadata.get("step")
}
ORDER_KEYWORDS: dict[str, str] = {
    item.name: item.metadata["keyword"]
    for item in fields(WorklistItem)
    if "keyword" in item.metadata and item.name not in STEP_KEYWORDS
}
