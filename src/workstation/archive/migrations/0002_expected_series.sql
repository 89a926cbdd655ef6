-- What a node said it has of a series when it was fetched from there: how "12 of 40 images are here" is known.
-- Told before anything has arrived, so without a reference to the series.
CREATE TABLE expected_series (
    series_instance_uid TEXT PRIMARY KEY,
    study_instance_uid TEXT NOT NULL,
    instance_count INTEGER NOT NULL
);
CREATE INDEX expected_series_study ON expected_series (study_instance_uid);
