SELECT * FROM impact.estimate
