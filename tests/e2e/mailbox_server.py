"""A mailbox on loopback that is read over IMAP with TLS: the few commands that reading new mail takes (RFC 3501)."""

import re
import socket
import ssl
import threading


class Mailbox:
    """Holds e-mails; those marked as seen are found no more."""

    def __init__(self, context: ssl.SSLContext, user: str, password: str) -> None:
        self.mails: list[bytes] = []
        self.seen: set[int] = set()
        self.folders: set[str] = set()
        """Folders that were opened."""
        self._user, self._password = user, password
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with plain, self._context.wrap_socket(plain, server_side=True) as connection:
                    self._talk(connection)
            except OSError:
                continue

    def _talk(self, connection: ssl.SSLSocket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"* OK ready\r\n")
        is_known = False
        for line in reader:
            tag, command, rest = [*line.decode().strip().split(" ", 2), "", ""][:3]
            answer, state = b"", "OK done"
            match command.upper():
                case "CAPABILITY":
                    answer = b"* CAPABILITY IMAP4rev1\r\n"
                case "LOGIN":
                    is_known = rest.replace('"', "") == f"{self._user} {self._password}"
                    state = "OK in" if is_known else "NO wrong"
                case "LOGOUT":
                    answer = b"* BYE\r\n"
                case "SELECT" if is_known:
                    self.folders.add(rest.strip('"'))
                    answer = f"* {len(self.mails)} EXISTS\r\n".encode()
                case "UID" if is_known:
                    answer = self._uid(rest)
                case _:
                    state = "BAD"
            connection.sendall(answer + f"{tag} {state}\r\n".encode())
            if command.upper() == "LOGOUT":
                return

    def _uid(self, rest: str) -> bytes:
        what, _, more = rest.partition(" ")
        if what.upper() == "SEARCH":
            new = [str(n + 1) for n in range(len(self.mails)) if n + 1 not in self.seen]
            return f"* SEARCH {' '.join(new)}\r\n".encode()
        found = re.match(r"(\d+)", more)
        assert found is not None
        number = int(found[1])
        if what.upper() == "STORE":
            self.seen.add(number)
            return b""
        mail = self.mails[number - 1]
        return f"* {number} FETCH (UID {number} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")\r\n"
