"""A mail server that takes whatever it is given."""

from __future__ import annotations

import socketserver
import threading
from typing import Any

from apps.notifications.carrying import carrier


class _Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as Django's backend speaks."""

    def handle(self) -> None:
        self.say("220 desk.example")
        while line := self.rfile.readline().decode():
            verb = line.split()[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                self.server.taken.append(self.text())  # type: ignore[attr-defined]
            self.say("221 bye" if verb == "QUIT" else "250 fine")
            if verb == "QUIT":
                return

    def text(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmtpPost:
    def __init__(self, settings: Any) -> None:
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp)
        self.server.daemon_threads = True
        self.server.taken = []  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", self.server.server_address[1]
        self.carrier = carrier.build(f"smtp://127.0.0.1:{self.server.server_address[1]}")

    def arrived(self) -> list[bytes]:
        return list(self.server.taken)  # type: ignore[attr-defined]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
