"""Verbs: the story of the product. Each module is one step of query, retrieve, view, de-identify, export."""
