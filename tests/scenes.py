"""The scenes of the demo city that have terminals, and one terminal of each."""

TERMINALS = {
    "bus": "bus-1",
    "hospital": "clinic-1",
    "pharmacy": "till-east",
    "scenic_spot": "gate-1",
    "government": "queue-1",
}

WITHOUT_HALL = tuple(scene for scene in TERMINALS if scene != "government")
"""Those that accept a code without a policy of their own: a hall has services only once it has one."""
