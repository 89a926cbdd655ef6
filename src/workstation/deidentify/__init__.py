"""What changes in a data set and why (PS3.15 Annex E). Pure: pydicom and the tables of the standard."""
