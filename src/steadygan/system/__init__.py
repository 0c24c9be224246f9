"""Files, caches, cores, devices and words for people: what the program needs of the machine it runs on."""
