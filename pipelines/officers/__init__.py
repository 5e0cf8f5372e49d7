"""The officers' version: what the board's page may not say, school by school, for officers of the authority.

It reads the tables behind the door (`mart`, `impact`) and what officers' own files say (`raw`), never a
pupil's row. Nothing in it is released; `publishing` keeps it in a folder that only its owner opens.
"""
