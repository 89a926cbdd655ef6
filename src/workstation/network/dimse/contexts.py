"""Which presentation contexts to propose (PS3.8 7.1.1.13): 128 at most, so the likely ones first."""

from __future__ import annotations

from collections.abc import Sequence

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import (
    JPEG2000,
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import sop_class
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.service_class import StorageServiceClass

MAXIMUM = 128
UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
# To one another without touching a value: big endian is not, its pixel words would have to be swapped.
CONVERTIBLE = (*UNCOMPRESSED, DeflatedExplicitVRLittleEndian)
_RARE = (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
# As they are met in archives, the frequent first.
COMPRESSED = (
    JPEGLosslessSV1,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEG2000,
    RLELossless,
    JPEGLSLossless,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    JPEGLossless,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    *(uid for uid in AllTransferSyntaxes if uid.is_compressed and "JPIP" not in uid.name),
)
_RARE_AFTER = 8  # big endian and deflated are met more often than the last of these
_ROOT = "1.2.840.10008.5.1.4.1.1."
_FREQUENT = (
    "CTImageStorage",
    "MRImageStorage",
    "SecondaryCaptureImageStorage",
    "ComputedRadiographyImageStorage",
    "DigitalXRayImageStorageForPresentation",
    "UltrasoundImageStorage",
    "UltrasoundMultiFrameImageStorage",
    "XRayAngiographicImageStorage",
    "XRayRadiofluoroscopicImageStorage",
    "DigitalMammographyXRayImageStorageForPresentation",
    "BreastTomosynthesisImageStorage",
    "EnhancedCTImageStorage",
    "EnhancedMRImageStorage",
    "EnhancedXAImageStorage",
    "NuclearMedicineImageStorage",
    "PositronEmissionTomographyImageStorage",
    "MultiFrameTrueColorSecondaryCaptureImageStorage",
    "MultiFrameGrayscaleByteSecondaryCaptureImageStorage",
    "MultiFrameGrayscaleWordSecondaryCaptureImageStorage",
    "VLPhotographicImageStorage",
    "VLEndoscopicImageStorage",
    "OphthalmicPhotography8BitImageStorage",
    "BasicTextSRStorage",
    "EnhancedSRStorage",
    "ComprehensiveSRStorage",
    "XRayRadiationDoseSRStorage",
    "KeyObjectSelectionDocumentStorage",
    "GrayscaleSoftcopyPresentationStateStorage",
    "EncapsulatedPDFStorage",
    "RTStructureSetStorage",
    "RTPlanStorage",
    "RTDoseStorage",
    "RTImageStorage",
    "SegmentationStorage",
    "RawDataStorage",
)


def storage_classes() -> list[str]:
    """Every storage SOP class of PS3.4 B.5, retired ones too since archives still hold them; frequent ones first."""
    frequent = [str(getattr(sop_class, name)) for name in _FREQUENT if hasattr(sop_class, name)]
    current = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    retired = [uid for uid, entry in UID_dictionary.items() if uid.startswith(_ROOT) and _is_retired_storage(entry)]
    return list(dict.fromkeys([*frequent, *current, *retired]))


def accepted_storage() -> list[PresentationContext]:
    """What the listener accepts: every storage SOP class in every transfer syntax."""
    current = {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
    syntaxes = [*UNCOMPRESSED, *dict.fromkeys(COMPRESSED), *_RARE]
    contexts = []
    for uid in storage_classes():
        if uid not in current:  # else pynetdicom has no service for it
            sop_class.register_uid(uid, UID(uid).keyword or f"Retired{uid.replace('.', '_')}", StorageServiceClass)
        contexts.append(build_context(uid, list(syntaxes)))
    return contexts


def for_get(models: Sequence[str], classes: Sequence[str]) -> list[PresentationContext]:
    """The contexts of one C-GET for `classes`.

    The peer chooses one transfer syntax per context, so each needs its own for instances to come as they
    are stored. They are handed out by frequency until the room is used up.
    """
    room = MAXIMUM - len(models)
    few = len(classes) * len(UNCOMPRESSED) <= room
    chosen = list(classes) if few else list(classes)[: room - len(_FREQUENT)]
    apart = chosen if few else chosen[: len(_FREQUENT)]
    contexts = [build_context(model) for model in models]
    for uid in chosen:
        # Orthanc takes the first of two and then fails on an instance that is kept in the other.
        alternatives = [[syntax] for syntax in UNCOMPRESSED] if uid in apart else [list(UNCOMPRESSED)]
        contexts += [_as_scp(uid, syntaxes) for syntaxes in alternatives]
    for syntax in _one_by_one():
        contexts += [_as_scp(uid, [syntax]) for uid in chosen]
        if len(contexts) >= MAXIMUM:
            break
    return contexts[:MAXIMUM]


def together(models: Sequence[str], first: Sequence[str], others: Sequence[str]) -> list[str]:
    """`first`, and as many of `others` as one association has room for in every transfer syntax."""
    each = len(UNCOMPRESSED) + len(_one_by_one())
    most = (MAXIMUM - len(models)) // each
    return list(dict.fromkeys((*first, *others)))[: max(most, len(first))]


def _one_by_one() -> list[UID]:
    return list(dict.fromkeys((*COMPRESSED[:_RARE_AFTER], *_RARE, *COMPRESSED)))


def _as_scp(uid: str, syntaxes: list[UID]) -> PresentationContext:
    context = build_context(uid, list(syntaxes))
    context.scu_role, context.scp_role = False, True
    return context


def _is_retired_storage(entry: tuple[str, str, str, str, str]) -> bool:
    name, kind, _, retired, _ = entry
    return kind == "SOP Class" and bool(retired) and "Storage" in name and "SOP Class" not in name
