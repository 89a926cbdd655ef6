"""Nouns and rules of the work: studies, nodes, worklist items, jobs, errors. Standard library only."""
