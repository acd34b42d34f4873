"""The wallet: the citizen's side of the service, a web page for phones with its JSON interface."""
