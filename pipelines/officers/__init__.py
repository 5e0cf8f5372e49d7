"""The officers' version: figures by school that may not be published, for the authority's officers.

It reads the tables behind the disclosure gate (`mart`, `impact`) and the officers' own files
(`raw`), never pupil rows. `publishing` stores it in a folder that only its owner can open.
"""
