"""How Slack reaches us: signed HTTP requests or a websocket, and the pages that tell how we are."""
