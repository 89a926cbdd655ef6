"""What is read instead of looked at: reports, records, wave forms, laid over the viewport they are shown in."""
