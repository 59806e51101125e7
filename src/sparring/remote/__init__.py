"""A cell on another machine: messages, client, server. `pip install 'sparring[cell]'`."""
