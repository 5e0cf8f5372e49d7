"""Stands in for Dagster's daemon in tests of `serving`: does nothing until it is ended."""

import time

if __name__ == "__main__":
    time.sleep(600)
