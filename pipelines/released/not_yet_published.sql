SELECT * FROM protocol.not_yet_published
