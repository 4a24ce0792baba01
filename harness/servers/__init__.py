"""Servers: where candidate and base answer. All of them speak TGI's API; nothing beyond here knows which one it is."""
