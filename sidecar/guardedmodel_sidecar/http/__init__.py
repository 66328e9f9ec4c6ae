"""Rules of the wire, sans-IO: request heads, headers, JSON, server-sent events."""
