-- Columns are named for the fields of workstation.domain.study; values are kept as they were sent.

CREATE TABLE study (
    study_instance_uid TEXT PRIMARY KEY,
    patient_name TEXT NOT NULL DEFAULT '',
    patient_id TEXT NOT NULL DEFAULT '',
    issuer_of_patient_id TEXT NOT NULL DEFAULT '',
    birth_date TEXT NOT NULL DEFAULT '',
    sex TEXT NOT NULL DEFAULT '',
    study_date TEXT NOT NULL DEFAULT '',
    study_time TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    accession_number TEXT NOT NULL DEFAULT '',
    study_id TEXT NOT NULL DEFAULT '',
    referring_physician TEXT NOT NULL DEFAULT '',
    institution TEXT NOT NULL DEFAULT '',
    -- the three groups of the patient's name without case and diacritics, for matching
    name_alphabetic TEXT NOT NULL DEFAULT '',
    name_ideographic TEXT NOT NULL DEFAULT '',
    name_phonetic TEXT NOT NULL DEFAULT '',
    series_count INTEGER NOT NULL DEFAULT 0,
    instance_count INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX study_name_alphabetic ON study (name_alphabetic);
CREATE INDEX study_name_ideographic ON study (name_ideographic);
CREATE INDEX study_name_phonetic ON study (name_phonetic);
CREATE INDEX study_patient_id ON study (patient_id);
CREATE INDEX study_newest ON study (study_date DESC, study_time DESC);
CREATE INDEX study_accession_number ON study (accession_number);

CREATE TABLE series (
    study_instance_uid TEXT NOT NULL REFERENCES study ON DELETE CASCADE,
    series_instance_uid TEXT NOT NULL,
    series_number INTEGER,
    modality TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    series_date TEXT NOT NULL DEFAULT '',
    series_time TEXT NOT NULL DEFAULT '',
    body_part TEXT NOT NULL DEFAULT '',
    protocol_name TEXT NOT NULL DEFAULT '',
    manufacturer TEXT NOT NULL DEFAULT '',
    model_name TEXT NOT NULL DEFAULT '',
    station_name TEXT NOT NULL DEFAULT '',
    slice_thickness REAL,
    instance_count INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (study_instance_uid, series_instance_uid)
);
CREATE INDEX series_uid ON series (series_instance_uid);

CREATE TABLE instance (
    sop_instance_uid TEXT PRIMARY KEY,
    sop_class_uid TEXT NOT NULL DEFAULT '',
    series_instance_uid TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    instance_number INTEGER,
    transfer_syntax_uid TEXT NOT NULL DEFAULT '',
    number_of_frames INTEGER,
    rows INTEGER,
    columns INTEGER,
    size_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL, -- SHA-256 of the data set behind the file meta information
    FOREIGN KEY (study_instance_uid, series_instance_uid) REFERENCES series ON DELETE CASCADE
);
CREATE INDEX instance_series ON instance (series_instance_uid);
CREATE INDEX instance_study ON instance (study_instance_uid, series_instance_uid);

-- Files with the SOP Instance UID of a stored instance and other content.
CREATE TABLE conflict (
    file_name TEXT PRIMARY KEY,
    sop_instance_uid TEXT NOT NULL,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    noticed_at REAL NOT NULL
);
CREATE INDEX conflict_uid ON conflict (sop_instance_uid);

-- Files whose rows are gone but which may still lie there: a deletion that was killed half-way goes on.
CREATE TABLE deletion (
    file_name TEXT PRIMARY KEY
);

CREATE TRIGGER series_added AFTER INSERT ON series BEGIN
    UPDATE study SET series_count = series_count + 1 WHERE study_instance_uid = NEW.study_instance_uid;
END;
CREATE TRIGGER series_removed AFTER DELETE ON series BEGIN
    UPDATE study SET series_count = series_count - 1 WHERE study_instance_uid = OLD.study_instance_uid;
END;
CREATE TRIGGER instance_added AFTER INSERT ON instance BEGIN
    UPDATE study SET instance_count = instance_count + 1, size_bytes = size_bytes + NEW.size_bytes
        WHERE study_instance_uid = NEW.study_instance_uid;
    UPDATE series SET instance_count = instance_count + 1
        WHERE study_instance_uid = NEW.study_instance_uid AND series_instance_uid = NEW.series_instance_uid;
END;
CREATE TRIGGER instance_removed AFTER DELETE ON instance BEGIN
    UPDATE study SET instance_count = instance_count - 1, size_bytes = size_bytes - OLD.size_bytes
        WHERE study_instance_uid = OLD.study_instance_uid;
    UPDATE series SET instance_count = instance_count - 1
        WHERE study_instance_uid = OLD.study_instance_uid AND series_instance_uid = OLD.series_instance_uid;
END;
