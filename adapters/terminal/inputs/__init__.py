"""Where a terminal's readings come from: lines, a serial port, a folder of pictures."""
