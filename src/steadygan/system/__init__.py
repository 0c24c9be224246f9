"""The machine: devices, cores, memory, files and the cache; numbers and text in readable form."""
