"""From a study's raw files to typed tables: one module a form of file. Values are judged in `validation`."""
