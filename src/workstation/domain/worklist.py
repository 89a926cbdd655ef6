"""A scheduled procedure step as a worklist node offers it (PS3.4 annex K)."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.person_name import PersonName


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """One item of the Scheduled Procedure Step Sequence with the order and the patient around it.

    Every text is as sent; an absent attribute is empty.
    """

    node: str = ""  # which configured node offered it
    # the step
    start_date: str = ""
    start_time: str = ""
    modality: str = ""
    station_ae_title: str = ""
    station_name: str = ""
    step_location: str = ""
    step_id: str = ""
    step_description: str = ""
    step_status: str = ""
    performing_physician: PersonName = PersonName()
    pre_medication: str = ""
    requested_contrast_agent: str = ""
    # the order
    study_instance_uid: str = ""
    accession_number: str = ""
    requested_procedure_id: str = ""
    requested_procedure_description: str = ""
    reason: str = ""
    priority: str = ""
    transport: str = ""
    referring_physician: PersonName = PersonName()
    requesting_physician: PersonName = PersonName()
    admission_id: str = ""
    patient_location: str = ""
    # the patient
    patient_name: PersonName = PersonName()
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    weight: str = ""  # kg
    patient_state: str = ""
    pregnancy_status: str = ""
    medical_alerts: str = ""
    allergies: str = ""
    special_needs: str = ""
    confidentiality: str = ""
