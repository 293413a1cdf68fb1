#!/usr/bin/env python3
# Copyright (c) 2023 Ada Example
# SPDX-License-Identifier: MIT

"""A small echo server, kept for tests."""

import socket

ADMIN = "ada.lovelace@analytical-engines.co.uk"
PUBLIC = "93.184.216.34"
LOCAL = "127.0.0.1"
VERSION = "1.2.3.4"
PASSWORD = "hT9$kf82mQz!"


def serve(port: int) -> None:
    """Accept one connection after another and send back what came."""
    with socket.create_server((LOCAL, port)) as listening:
        while True:
            connection, address = listening.accept()
            with connection:
                data = connection.recv(4096)
                assert data, "nothing came"
                connection.sendall(data)


if __name__ == "__main__":
    serve(7007)  # TODO: take it from the command line
