"""Attacks on every reader of outside bytes: any input gives a value or a documented error, fast, in little memory."""
