"""A performed procedure step as a modality reports it: the attributes of its beginning and of its end."""

from __future__ import annotations

from pydicom.dataset import Dataset


def creation() -> Dataset:
    scheduled = Dataset()
    scheduled.StudyInstanceUID, scheduled.ScheduledProcedureStepID = "2.25.77", "SPS-1"
    step = Dataset()
    step.SpecificCharacterSet = "ISO_IR 192"
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PatientName, step.PatientID = "Nobody^At All", "0"
    step.PerformedProcedureStepID, step.PerformedStationAETitle = "PPS-1", "WORKSTATION"
    step.PerformedProcedureStepStartDate, step.PerformedProcedureStepStartTime = "20261123", "101500"
    step.PerformedProcedureStepEndDate = step.PerformedProcedureStepEndTime = ""
    step.PerformedProcedureStepStatus, step.Modality = "IN PROGRESS", "CT"
    step.PerformedProcedureStepDescription = ""
    step.PerformedSeriesSequence = []
    step.PerformedProcedureStepDiscontinuationReasonCodeSequence = []
    return step


def ending(status: str) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID, series.ProtocolName = "2.25.88", "Thorax"
    end = Dataset()
    end.PerformedProcedureStepStatus = status
    end.PerformedProcedureStepEndDate, end.PerformedProcedureStepEndTime = "20261123", "103000"
    end.PerformedSeriesSequence = [series]
    return end
