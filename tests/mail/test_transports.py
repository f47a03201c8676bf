"""Letters leave as one message each, to a server, the screen or a folder."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import threading

import pytest

from databoard.errors import SettingsError
from databoard.mail.transports import (
    Console,
    Folder,
    Smtp,
    compose,
    make_transport,
    transport_of,
    with_links,
)

SENDER = "databoard@example.org"


def test_a_message_has_what_a_message_needs():
    message = compose(SENDER, "ada@example.org", "Größe", "Hello Ada,\n\nfarewell.\n")

    parsed = email.message_from_bytes(bytes(message), policy=email.policy.default)
    assert (parsed["From"], parsed["To"], parsed["Subject"]) == (SENDER, "ada@example.org", "Größe")
    assert parsed["Message-ID"]
    assert parsed["Date"]
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed.get_content() == "Hello Ada,\n\nfarewell.\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_header_forges_no_other(end):
    evil = f"x{end}Bcc: all@example.org"

    message = compose(SENDER, "ada@example.org", evil, "body")

    parsed = email.message_from_bytes(bytes(message))
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "x Bcc: all@example.org"


def test_a_folder_keeps_each_letter_for_its_owner_only(tmp_path):
    transport = Folder(tmp_path / "mail", SENDER)

    transport.send("ada@example.org", "One", "first")
    transport.send("ada@example.org", "Two", "second")

    paths = sorted((tmp_path / "mail").glob("*.eml"))
    assert [email.message_from_bytes(p.read_bytes())["Subject"] for p in paths] == ["One", "Two"]
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_the_console_prints(capsys):
    Console(SENDER).send("ada@example.org", "Hello", "body")

    assert "Subject: Hello" in capsys.readouterr().out


def test_addresses_choose_the_transport(tmp_path):
    assert make_transport("console:", SENDER) == Console(SENDER)
    assert make_transport(f"file://{tmp_path}/a%20b", SENDER) == Folder(tmp_path / "a b", SENDER)
    assert make_transport("smtp://mail.example.org", SENDER) == Smtp(
        "mail.example.org", 587, SENDER
    )
    assert make_transport("smtps://ada:p%40ss@mail.example.org", SENDER) == Smtp(
        "mail.example.org", 465, SENDER, "ada", "p@ss", is_tls=True
    )
    assert make_transport("smtp://localhost:2525", SENDER) == Smtp("localhost", 2525, SENDER)


@pytest.mark.parametrize("url", ["", "http://example.org", "smtp://", "mail.example.org"])
def test_other_addresses_are_refused_by_the_name_of_the_setting(url):
    with pytest.raises(SettingsError, match="DATABOARD_MAIL_URL"):
        make_transport(url, SENDER)


@contextlib.contextmanager
def smtp_server():
    """A mail server of one message: gives its port and the lines that it was told."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve():
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:

                def say(words):
                    stream.write(words + b"\r\n")
                    stream.flush()

                say(b"220 ready")
                is_data = False
                for raw in stream:
                    line = raw.rstrip(b"\r\n").decode()
                    heard.append(line)
                    if is_data:
                        is_data = line != "."
                        if not is_data:
                            say(b"250 taken")
                    elif line.upper() == "DATA":
                        is_data = True
                        say(b"354 go on")
                    elif line.upper() == "QUIT":
                        say(b"221 bye")
                        return
                    else:
                        say(b"250 fine")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


def test_a_server_on_this_machine_gets_the_letter():
    with smtp_server() as (port, heard):
        make_transport(f"smtp://127.0.0.1:{port}", SENDER).send("ada@example.org", "Hello", "body")

    assert any(line.lower().startswith("rcpt to:<ada@example.org>") for line in heard)
    assert "Subject: Hello" in heard
    assert "body" in heard


def test_a_server_that_is_away_is_an_oserror():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(OSError, match="refused"):
        make_transport(f"smtp://127.0.0.1:{port}", SENDER).send("ada@example.org", "Hello", "body")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("go\n\n/events/iris\n", "go\n\nhttps://d.org/events/iris\n"),
        ("or on /admin/events/iris\n", "or on https://d.org/admin/events/iris\n"),
        ("\n/0123abcd\n", "\nhttps://d.org/0123abcd\n"),
        ("open\n\nhttps://d.org/confirm/x\n", "open\n\nhttps://d.org/confirm/x\n"),
        ("tea and/or coffee, 1 / 2", "tea and/or coffee, 1 / 2"),
    ],
)
def test_paths_in_letters_become_links(body, sent):
    assert with_links(body, "https://d.org") == sent


def test_a_test_server_sends_nothing_outside(make_settings):  # issue 5, item 8
    outside = {"mail_url": "smtp://mail.example.org", "public_url": "https://d.org"}

    def kind(**fields):
        return type(transport_of(make_settings(**outside, **fields)).transport)

    assert kind() is Smtp
    assert kind(is_test=True) is Folder
    assert kind(is_test=True, test_sends_mail=True) is Smtp
