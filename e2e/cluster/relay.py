"""A door from the machine's network into the node's: a program of its own, standard library only.

The node's network namespace is joined to nothing, so that the machine keeps no address, route or
firewall rule of it. What must be reachable from outside has a relay: a socket that was opened
outside is inherited, this program is started inside, and bytes go both ways.

    nsenter --net=NAMESPACE python relay.py LISTENING_DESCRIPTOR HOST PORT
"""

import asyncio
import contextlib
import socket
import sys

CHUNK = 1 << 16


async def relay(listening: socket.socket, host: str, port: int) -> None:
    """Serve until ended."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()  # a refused connection, as far as a relay can pass it on
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, far_writer))
                both.create_task(_copy(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    server = await asyncio.start_server(serve, sock=listening)
    async with server:
        await server.serve_forever()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
        return
    # A reset on one side is a reset on the other.
    sink.transport.abort()


if __name__ == "__main__":
    asyncio.run(relay(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])))
