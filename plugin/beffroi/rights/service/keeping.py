# SPDX-License-Identifier: AGPL-3.0-or-later
"""For how long things are kept about persons: one rule a line, applied once a night. None commits.

Each rule has the setting that says how long, a count (what tonight takes, for the desk's health
page), and an act that takes a portion and says how many it took. The count and the act ask the same
question, so what was announced is what happens; but the count leaves out the confidential cases
that who is told may not know of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale, format_date
from sqlalchemy import Select, delete, select

from beffroi.accounts import queries as account_queries
from beffroi.accounts import rules as account_rules
from beffroi.accounts import service as accounts
from beffroi.campaigns.service import following as campaigns
from beffroi.cases.queries import offers, persons, subscribing
from beffroi.cases.service import keeping as cases
from beffroi.cases.service import offering
from beffroi.cases.service.subscribing import forget_ended
from beffroi.config import Settings
from beffroi.cyber import queries as confidential
from beffroi.cyber import service as cyber
from beffroi.data_requests import service as data_requests
from beffroi.incidents import service as incidents
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db
from beffroi.notifications import queries as notification_queries
from beffroi.notifications import service as notifications
from beffroi.rights import queries, service
from beffroi.rights.models import ExportAccess, KeptApart
from beffroi_web.nightly import BEGINS, last_night
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.words import N_

PORTION = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """The settings, and the moment and local day at which the rules are looked at.

    `hidden` selects the cases that are not counted, since nobody who asks may know of them.
    """

    settings: Settings
    now: datetime
    today: date
    hidden: Select[int] | None = None

    def before(self, days: int) -> datetime:
        """Return the moment so many days ago."""
        return self.now - timedelta(days=days)

    def day_before(self, days: int) -> date:
        """Return the day so many days ago."""
        return self.today - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that ends: its name, what it is in words, the setting, count and act."""

    name: str
    words: str
    setting: str
    unit: str
    count: Callable[[Moment], int]
    apply: Callable[[Moment, SignInStore], int]


def next_night(now: datetime, zone: str) -> datetime:
    """Return the moment at which the next night begins."""
    day = last_night(now, zone) + timedelta(days=1)
    return datetime.combine(day, BEGINS, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)


def forecast(
    settings: Settings, now: datetime, account_id: int | None = None
) -> list[tuple[Rule, int, int]]:
    """Return each rule, its setting's value, and how much of it the coming night takes; reads.

    For an account: without the confidential cases that it may not know of.
    """
    night = next_night(now, settings.time_zone)
    hidden = None if account_id is None else confidential.hidden_from(account_id)
    at = Moment(settings, night, local_day(night, settings.time_zone), hidden)
    return [(rule, _value(rule, settings), rule.count(at)) for rule in RULES]


def _value(rule: Rule, settings: Settings) -> int:
    """Return what the setting of a rule says, nought where it has none of its own."""
    return int(getattr(settings, rule.setting.lower(), 0)) if rule.setting else 0


# ---- originals, held texts, people without an account ------------------------------------------


def _forget_originals(at: Moment, _: SignInStore) -> int:
    ids = cases.forget_originals(at.day_before(at.settings.keep_originals_days), PORTION)
    data_requests.forget_receipts(ids)
    incidents.forget_positions(ids)
    cyber.forget(ids)
    return len(ids)


def _forget_held(at: Moment, _: SignInStore) -> int:
    return cases.forget_held(at.before(at.settings.keep_held_texts_days), PORTION)


def _count_strangers(at: Moment) -> int:
    days = at.settings.keep_originals_days
    return cases.count_strangers(at.day_before(days), at.before(days), at.hidden)


def _forget_strangers(at: Moment, _: SignInStore) -> int:
    days = at.settings.keep_originals_days
    ids = cases.forget_strangers(at.day_before(days), at.before(days), PORTION)
    campaigns.forget(ids)
    notifications.forget_deliveries(ids)
    offering.forget_offers(ids)
    return len(ids)


# ---- accounts ----------------------------------------------------------------------------------


def _idle(before: datetime) -> Iterator[account_queries.Idle]:
    """Yield accounts that nobody used since a moment and to which nothing is owed."""
    after = 0
    while some := account_queries.idle(before=before, after=after):
        after = some[-1].id
        for one in some:
            parties = persons.parties_of(one.id, one.email)
            if not persons.has_open_cases([party.id for party in parties]):
                yield one


def _to_warn(at: Moment) -> Iterator[account_queries.Idle]:
    kept, warned = at.settings.keep_accounts_days, at.settings.warn_accounts_days
    return (a for a in _idle(at.before(kept - warned)) if a.warned_at is None)


def _to_end(at: Moment) -> Iterator[account_queries.Idle]:
    told = at.before(at.settings.warn_accounts_days)
    found = _idle(at.before(at.settings.keep_accounts_days))
    return (a for a in found if a.warned_at is not None and a.warned_at <= told)


def _count_to_warn(at: Moment) -> int:
    return sum(1 for _ in _to_warn(at))


def _warn(at: Moment, _: SignInStore) -> int:
    chosen = [one for _, one in zip(range(PORTION), _to_warn(at), strict=False)]
    accounts.warn([one.id for one in chosen], now=at.now)
    for one in chosen:
        if one.email:
            notifications.owe_letter(_warning(one, one.email, at), now=at.now)
    return len(chosen)


def _warning(one: account_queries.Idle, email: str, at: Moment) -> notifications.Letter:
    lang = one.lang or at.settings.languages[0]
    ends = max(
        local_day(one.seen, at.settings.time_zone) + timedelta(days=at.settings.keep_accounts_days),
        at.today + timedelta(days=at.settings.warn_accounts_days),
    )
    with force_locale(lang):
        day = format_date(ends, "long")
    key = f"{one.id}-{at.today.isoformat()}"
    return notifications.Letter("account-ends", email, lang, key, "/account", {"day": day})


def _count_to_end(at: Moment) -> int:
    return sum(1 for _ in _to_end(at))


def _end(at: Moment, store: SignInStore) -> int:
    chosen = [one for _, one in zip(range(PORTION), _to_end(at), strict=False)]
    for one in chosen:
        service.expire_account(queries.person(one.id), store, now=at.now)
        if one.email:
            lang = one.lang or at.settings.languages[0]
            letter = notifications.Letter("account-expired", one.email, lang, str(one.id))
            notifications.owe_letter(letter, now=at.now)
    return len(chosen)


def _count_sessions(at: Moment) -> int:
    idle = timedelta(hours=at.settings.session_idle_hours)
    return account_queries.ended_sessions(at.now, idle) + account_queries.ended_tokens(at.now)


def _forget_sessions(at: Moment, store: SignInStore) -> int:
    return store.purge(at.now) + accounts.forget_tokens(at.now)


# ---- messages, logs, files, what is kept apart --------------------------------------------------


def _count_deliveries(at: Moment) -> int:
    before = at.before(at.settings.keep_deliveries_days)
    return notification_queries.sent_before(before, at.hidden)


def _forget_deliveries(at: Moment, _: SignInStore) -> int:
    return notifications.forget_sent(at.before(at.settings.keep_deliveries_days))


def _count_subscriptions(at: Moment) -> int:
    return subscribing.count_ended(at.before(at.settings.keep_deliveries_days))


def _forget_subscriptions(at: Moment, _: SignInStore) -> int:
    return forget_ended(at.before(at.settings.keep_deliveries_days), PORTION)


def _count_offers(at: Moment) -> int:
    return offers.offers_before(at.before(at.settings.keep_deliveries_days))


def _forget_offers(at: Moment, _: SignInStore) -> int:
    return offering.forget_old_offers(at.before(at.settings.keep_deliveries_days))


def _count_accesses(at: Moment) -> int:
    return queries.count_accesses(at.before(at.settings.keep_export_log_days))


def _forget_accesses(at: Moment, _: SignInStore) -> int:
    old = ExportAccess.at < at.before(at.settings.keep_export_log_days)
    return int(getattr(db.session.execute(delete(ExportAccess).where(old)), "rowcount", 0))


def _count_files(at: Moment) -> int:
    return len(queries.expired_archives(at.now))


def _no_rows(_: Moment, __: SignInStore) -> int:
    return 0  # the files' rows go with their bytes, in `commands.drop_files`


def _count_kept(at: Moment) -> int:
    return queries.count_kept(at.today)


def _forget_kept(at: Moment, _: SignInStore) -> int:
    over = select(KeptApart.id).where(KeptApart.ends_on <= at.today).limit(PORTION)
    ids = list(db.session.scalars(over))
    db.session.execute(delete(KeptApart).where(KeptApart.id.in_(ids)))
    return len(ids)


def _count_addresses(at: Moment) -> int:
    return account_queries.stale_addresses(at.now - account_rules.CONFIRM_WITHIN)


def _forget_addresses(at: Moment, _: SignInStore) -> int:
    return accounts.forget_address_changes(at.now)


RULES: tuple[Rule, ...] = (
    Rule(
        "originals",
        N_("Original texts, receipts and notes of closed cases"),
        "KEEP_ORIGINALS_DAYS",
        "days",
        lambda at: cases.count_originals(
            at.day_before(at.settings.keep_originals_days), at.hidden
        ),
        _forget_originals,
    ),
    Rule(
        "people",
        N_("Names and addresses of people without an account, once all of theirs is closed"),
        "KEEP_ORIGINALS_DAYS",
        "days",
        _count_strangers,
        _forget_strangers,
    ),
    Rule(
        "held texts",
        N_("Texts held back, in cases that are over"),
        "KEEP_HELD_TEXTS_DAYS",
        "days",
        lambda at: cases.count_held(at.before(at.settings.keep_held_texts_days), at.hidden),
        _forget_held,
    ),
    Rule(
        "warnings",
        N_("People warned that their unused account will end"),
        "WARN_ACCOUNTS_DAYS",
        "days",
        _count_to_warn,
        _warn,
    ),
    Rule(
        "accounts",
        N_("Accounts that nobody uses"),
        "KEEP_ACCOUNTS_DAYS",
        "days",
        _count_to_end,
        _end,
    ),
    Rule("sessions", N_("Sessions that have ended"), "SESSION_HOURS", "hours", _count_sessions,
         _forget_sessions),
    Rule("deliveries", N_("Traces of messages sent"), "KEEP_DELIVERIES_DAYS", "days",
         _count_deliveries, _forget_deliveries),
    Rule("subscriptions", N_("Themes that somebody followed and follows no more"),
         "KEEP_DELIVERIES_DAYS", "days", _count_subscriptions, _forget_subscriptions),
    Rule("questions", N_("Questions about a request that another one repeats"),
         "KEEP_DELIVERIES_DAYS", "days", _count_offers, _forget_offers),
    Rule("exports", N_("Entries of the log of exports"), "KEEP_EXPORT_LOG_DAYS", "days",
         _count_accesses, _forget_accesses),
    Rule("files", N_("Files with everything about a person"), "KEEP_PERSONAL_ARCHIVES_DAYS",
         "days", _count_files, _no_rows),
    Rule("kept apart", N_("What was kept apart after an erasure"), "", "", _count_kept,
         _forget_kept),
    Rule("addresses", N_("New addresses that nobody confirmed"), "", "", _count_addresses,
         _forget_addresses),
)  # fmt: skip
"""Every rule, in the order in which a night takes them."""
