SELECT * FROM impact.calibration
