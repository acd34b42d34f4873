"""A scripted day in the demo city, played by HTTP: for people who want to see everything once, and for its balance."""
