"""Pictures of every screen, for looking at and for the documents."""
