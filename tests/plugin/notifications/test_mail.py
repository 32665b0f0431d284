# SPDX-License-Identifier: AGPL-3.0-or-later
"""Word of each official step to the author and every follower, through a real mail server."""

import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from beffroi.cases import service as cases
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS
from beffroi.notifications import commands, queries, service
from beffroi.notifications.adapters.mail import FolderMailer, NoMailer, SmtpMailer, mailer_for
from support.databases import fresh
from support.deployed import certificate
from support.mailbox import Mailbox, open_mailbox
from support.raw_server import RawServer
from support.town import AGENT, PUBLIC_URL, Town, open_town

AUTHOR, FRIEND, STRANGER = (f"{who}@citizens.example" for who in ("alix", "sam", "kim"))


@pytest.fixture
def post(mailbox: Mailbox, tmp_path: Path) -> Iterator[Town]:
    """A town that sends its mail to the mail server of the test."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, mail_url=mailbox.url) as made:
        yield made


def test_the_author_and_every_follower_are_told_once_of_each_step(
    post: Town, mailbox: Mailbox
) -> None:
    ref = post.request(email=AUTHOR)
    post.follow(ref, FRIEND)
    post.work()
    post.release(ref)
    post.answer(ref, "published", "Voici les menus.", url="https://data.example/menus")
    post.work()
    post.work()
    assert [str(m.message["Subject"]) for m in mailbox.to(AUTHOR)] == [
        f"{ref}\u00a0: nous l’avons bien reçu",
        f"{ref}\u00a0: réponse officielle",
    ]
    assert [str(m.message["Subject"]) for m in mailbox.to(FRIEND)] == [
        f"{ref}\u00a0: réponse officielle"
    ]
    assert len({m.id for m in mailbox.messages}) == 3


def test_each_official_step_is_told_and_nothing_else(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    post.release(ref)
    post.comment(ref, "Bonne idée")
    post.hold(ref, "title")

    def move(target: str, reason: str = "") -> None:
        with post.change():
            cases.move(
                cases.the_case(ref), target, by="desk", reason=reason,
                actor=AGENT, now=post.now, today=post.today,
            )  # fmt: skip

    move("under_review")
    post.answer(ref, "refused", ground="business")
    move("under_review", "Nous regardons à nouveau")
    post.remove(ref)
    post.work()
    told = [str(m.message["Subject"]).partition("\u00a0: ")[2] for m in mailbox.messages]
    assert told == [
        "nous l’avons bien reçu", "du nouveau", "réponse officielle", "dossier rouvert",
        "dossier retiré",
    ]  # fmt: skip


def test_a_message_carries_what_mail_programs_need(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    post.work()
    [received] = mailbox.messages
    token = post.one("SELECT token FROM follower")
    message = received.message
    assert received.to == (AUTHOR,)
    assert message["From"] == "beffroi@demandes.ville.example"
    assert message["Date"] is not None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<{PUBLIC_URL}/follow/{token}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received.id == post.one("SELECT message_id FROM delivery")
    assert f"{PUBLIC_URL}/requests/{ref}\n" in received.words


def test_each_reads_it_in_the_own_language(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR, lang="en")
    post.follow(ref, FRIEND, lang="fr")
    post.answer(ref, "redirected", "Demandez à la région.")
    post.work()
    assert str(mailbox.to(AUTHOR)[1].message["Subject"]) == f"{ref}: the answer is there"
    assert "Hello," in mailbox.to(AUTHOR)[0].words
    assert "Bonjour," in mailbox.to(FRIEND)[0].words


def test_the_language_of_the_account_is_the_language_of_its_mail(
    post: Town, mailbox: Mailbox
) -> None:
    citizen = post.signed_in()
    citizen.sends_request()
    assert citizen.post("/account/language", {"lang": "en"}).status_code == 303
    post.work()
    [received] = mailbox.messages
    assert "we have received it" in str(received.message["Subject"])


def test_only_released_words_are_in_a_message(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR, title="Titre d’origine", wanted="Souhait d’origine")
    post.follow(ref, FRIEND)
    post.comment(ref, "Commentaire d’origine")
    post.work()
    post.release(ref, title="Titre relu")
    post.answer(ref, "redirected", "Demandez à la région.")
    post.work()
    words = "\n".join(str(m.message) + m.words for m in mailbox.messages)
    assert "d’origine" not in words
    assert f"{ref}\u00a0: Titre relu" in mailbox.to(FRIEND)[-1].words
    assert "Demandez à la région." in mailbox.to(FRIEND)[-1].words
    assert AUTHOR not in "\n".join(str(m.message) + m.words for m in mailbox.to(FRIEND))


def test_an_answer_that_is_held_before_it_is_sent_is_not_sent(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    post.answer(ref, "redirected", "Un nom y figure.")
    post.hold(ref, "answer")
    post.work()
    assert "Un nom y figure." not in "\n".join(m.words for m in mailbox.messages)
    assert len(mailbox.messages) == 2


def test_words_of_a_removed_case_are_in_no_message(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    post.release(ref)
    post.remove(ref)
    post.work()
    assert len(mailbox.messages) == 2
    assert "cantines" not in "\n".join(m.words for m in mailbox.messages)


def test_a_server_that_refuses_is_asked_again_and_delivers_once(
    post: Town, mailbox: Mailbox
) -> None:
    post.request(email=AUTHOR)
    mailbox.refuse(2)
    post.work()
    assert mailbox.messages == []
    with post.look():
        assert queries.unsent() == 1
    for _ in range(6):
        post.later(minutes=2)
        post.work()
    [received] = mailbox.messages
    assert mailbox.attempts == [received.id] * 3  # the id is the same at each attempt
    with post.look():
        assert (queries.unsent(), jobs.waiting()) == (0, 0)


def test_one_recipient_whose_message_fails_keeps_nobody_else_waiting(
    post: Town, mailbox: Mailbox
) -> None:
    ref = post.request(email=AUTHOR)
    post.follow(ref, FRIEND)
    post.follow(ref, STRANGER)
    post.answer(ref, "redirected", "Demandez à la région.")
    mailbox.refuse(1)
    post.work()
    assert len(mailbox.messages) == 3
    post.later(minutes=1)
    post.work()
    assert len(mailbox.messages) == 4
    assert len({m.id for m in mailbox.messages}) == 4


class Killed(BaseException):
    """The process dies."""


def test_a_death_between_the_servers_250_and_our_commit_doubles_one_message_at_most(
    post: Town, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.request(email=AUTHOR)

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(service, "sent", dies)
        with pytest.raises(Killed):
            post.work()
    assert len(mailbox.messages) == 1
    post.later(minutes=3)  # the lease ends
    post.work()
    post.later(minutes=3)
    post.work()
    assert [m.id for m in mailbox.messages] == [mailbox.messages[0].id] * 2


def test_a_job_that_runs_twice_sends_once(post: Town, mailbox: Mailbox) -> None:
    post.request(email=AUTHOR)
    delivery = post.one("SELECT id FROM delivery")
    with post.look():
        for _ in range(3):
            commands.send_step({"delivery": delivery}, post.now)
    assert len(mailbox.messages) == 1


def test_who_stopped_following_is_not_told_any_more(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    token = post.follow(ref, FRIEND)
    post.work()
    with post.change():
        cases.unfollow(token, now=post.now)
    post.answer(ref, "redirected", "Demandez à la région.")
    post.work()
    assert mailbox.to(FRIEND) == []
    assert len(mailbox.to(AUTHOR)) == 2


def test_who_stops_between_the_step_and_the_sending_is_not_told(
    post: Town, mailbox: Mailbox
) -> None:
    ref = post.request(email=AUTHOR)
    token = post.follow(ref, FRIEND)
    post.answer(ref, "redirected", "Demandez à la région.")
    with post.change():
        cases.unfollow(token, now=post.now)
    post.work()
    assert mailbox.to(FRIEND) == []
    with post.look():
        assert queries.unsent() == 0  # nothing is owed any more


def test_who_follows_again_is_told_again(post: Town, mailbox: Mailbox) -> None:
    ref = post.request(email=AUTHOR)
    token = post.follow(ref, FRIEND)
    with post.change():
        cases.unfollow(token, now=post.now)
    assert post.follow(ref, FRIEND) == token
    post.answer(ref, "redirected", "Demandez à la région.")
    post.work()
    assert len(mailbox.to(FRIEND)) == 1


def test_a_report_without_an_address_owes_nobody_a_message(post: Town, mailbox: Mailbox) -> None:
    ref = post.report()
    post.close(ref, "resolved")
    post.work()
    assert mailbox.attempts == []


def test_the_address_of_a_request_is_confirmed_by_one_message(post: Town, mailbox: Mailbox) -> None:
    visitor = post.visitor()
    form = {
        "object": "dataset", "title": "Menus des cantines", "email": AUTHOR,
        "wanted": "Tous les menus de l’année",
    }  # fmt: skip
    answer = visitor.post("/requests/new", form, headers={"Accept-Language": "en"})
    assert answer.headers["Location"] == "/requests/sent"
    post.work()
    [received] = mailbox.messages
    assert received.to == (AUTHOR,)
    assert "List-Unsubscribe" not in received.message
    [link] = [w for w in received.words.split() if w.startswith(PUBLIC_URL)]
    assert "Open this page" in received.words
    assert "Menus" not in received.words  # it may be somebody else's address
    answer = visitor.post(link.removeprefix(PUBLIC_URL))
    assert answer.headers["Location"].startswith("/requests/2027-0001?key=")  # for the receipt


def test_every_follower_is_owed_a_row_of_the_same_transaction(town: Town) -> None:
    ref = town.request(email=AUTHOR)
    town.follow(ref, FRIEND)
    town.answer(ref, "redirected", "Demandez à la région.")
    rows = town.rows("SELECT step, message_id FROM delivery ORDER BY id")
    assert [r.step for r in rows] == ["received", "answered", "answered"]
    assert len({r.message_id for r in rows}) == 3
    town.work()
    assert len(town.mail.messages) == 3
    assert town.one("SELECT count(*) FROM delivery WHERE sent_at IS NULL") == 0


def test_a_folder_gets_one_file_a_message_and_the_same_for_a_second_attempt(
    village: Town, tmp_path: Path
) -> None:
    village.request(email=AUTHOR)
    village.work()
    [message] = village.mail.messages
    folder = FolderMailer(tmp_path / "mail")
    folder.send(message)
    folder.send(message)
    [file] = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes() == bytes(message)


def test_a_town_without_mail_keeps_what_it_owes(tmp_path: Path) -> None:
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path)) as town:
        town.app.extensions["beffroi"].mailer = NoMailer()
        town.request(email=AUTHOR)
        town.work()
        with town.look():
            assert (queries.unsent(), jobs.waiting(), jobs.dead()) == (1, 1, 0)


def test_a_refusal_for_good_is_counted_and_kept_without_the_address(town: Town) -> None:
    with open_mailbox() as mailbox:
        back = "bounces@ville.example"
        town.app.extensions["beffroi"].mailer = SmtpMailer(mailbox.url, back)
        mailbox.unknown.add(AUTHOR)
        town.request(email=AUTHOR)
        town.request(email=FRIEND)
        town.work()
        [left] = mailbox.to(FRIEND)
        assert (left.sender, left.message["Return-Path"]) == (back, None)
        errors = [str(row.last_error) for row in town.rows("SELECT last_error FROM job")]
        assert sum("refused 550 5.1.1" in one for one in errors) == 1, errors
        assert not any("@" in one or "citizens" in one for one in errors), errors
        with town.look():
            assert queries.refusals() == queries.Refusals(messages=1, addresses=1, given_up=0)
        page = town.signed_in("agent").page("/desk/health")
        assert "refusé pour de bon" in page
        assert AUTHOR not in page
        mailbox.unknown.clear()
        town.later(hours=1)
        town.work()
        assert mailbox.to(AUTHOR), "an address that is put right is written to"
        with town.look():
            assert queries.refusals() == queries.Refusals()


def test_a_refusal_for_now_is_not_one_for_good(village: Town) -> None:
    with open_mailbox() as mailbox:
        village.app.extensions["beffroi"].mailer = SmtpMailer(mailbox.url)
        mailbox.refuse(1)
        village.request(email=AUTHOR)
        village.work()
        with village.look():
            assert (queries.unsent(), queries.refusals().messages) == (1, 0)


def test_the_mail_setting_names_its_adapter(tmp_path: Path) -> None:
    assert isinstance(mailer_for("smtps://u:p@mail.example:465"), SmtpMailer)
    assert isinstance(mailer_for(f"file:{tmp_path}"), FolderMailer)
    assert isinstance(mailer_for(""), NoMailer)


def test_a_mail_server_with_a_certificate_of_nobody_is_sent_nothing(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(
        certificate(tmp_path / "made", "localhost"), tmp_path / "made" / "privkey.pem"
    )
    with RawServer(lambda _path, _head: [], context).running() as server:
        message = EmailMessage()
        message["To"] = AUTHOR
        with pytest.raises(ssl.SSLCertVerificationError):
            SmtpMailer(f"smtps://localhost:{server.port}").send(message)
        assert server.heads == []
