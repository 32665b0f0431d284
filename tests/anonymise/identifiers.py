# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers, dates and secrets to fill the set with, in the forms in which people write them.

Everything is drawn from the generator that is handed in. Checksums are right except in the forms
called `wrong`. Most networks and many telephone numbers are those reserved for documentation and
fiction.
"""

import random
import string

WRONG = "wrong"
"""The form of a value with a checksum that does not hold."""


SIV = "ABCDEFGHJKLMNPQRSTVWXYZ"
"""The letters that plates are made of."""


def digits(rng: random.Random, count: int) -> str:
    """Draw so many digits."""
    return "".join(rng.choice(string.digits) for _ in range(count))


def signs(rng: random.Random, count: int, alphabet: str) -> str:
    """Draw so many signs of an alphabet."""
    return "".join(rng.choice(alphabet) for _ in range(count))


def shaped(rng: random.Random, shape: str) -> str:
    """Fill a shape: `#` is a digit, `@` a letter of plates; everything else stands."""
    filled = {"#": string.digits, "@": SIV}
    return "".join(rng.choice(filled[sign]) if sign in filled else sign for sign in shape)


def luhn(body: str) -> str:
    """Return the digits with the check digit of Luhn behind them."""
    total = 0
    for at, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if at % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def other_digit(rng: random.Random, digit: str) -> str:
    """Return another digit than this one."""
    return str((int(digit) + rng.randint(1, 9)) % 10)


# Telephone numbers

PAIRS = {
    "0": "zéro", "6": "six", "7": "sept", "1": "un", "2": "deux", "3": "trois", "4": "quatre",
    "5": "cinq", "8": "huit", "9": "neuf",
}  # fmt: skip
TENS = ("", "dix", "vingt", "trente", "quarante", "cinquante", "soixante")


def spoken(pair: str) -> str:
    """Return two digits in words; only easy ones are asked for."""
    tens, units = int(pair[0]), int(pair[1])
    if tens == 0:
        return f"zéro {PAIRS[pair[1]]}"
    return TENS[tens] if units == 0 else f"{TENS[tens]}-{PAIRS[pair[1]]}"


def mobile_digits(rng: random.Random) -> str:
    """Ten digits of a French mobile; few are of the range for fiction, which libraries refuse."""
    if rng.random() < 0.125:
        return f"063998{digits(rng, 4)}"
    return f"{rng.choice(('06', '07'))}{rng.choice('3456789')}{digits(rng, 7)}"


def landline_digits(rng: random.Random) -> str:
    """Ten digits of a French landline, two in five from the ranges reserved for fiction."""
    if rng.random() < 0.4:
        return rng.choice(("019900", "026191", "035301", "046571", "053649")) + digits(rng, 4)
    start = rng.choice(("014", "024", "029", "032", "038", "044", "047", "055", "056", "097"))
    return start + digits(rng, 7)


def joined(number: str, by: str) -> str:
    """Return ten digits in pairs."""
    return by.join(number[at : at + 2] for at in range(0, len(number), 2))


OVERSEAS = ("0590", "0596", "0594", "0262", "0692", "0639")
FOREIGN = (
    "+44 7700 900###", "+32 47# ## ## ##", "0041 79 ### ## ##", "+49 151 ########",
    "+34 6## ### ###", "+351 91# ### ###", "+212 6## ## ## ##", "+213 5 ## ## ## ##",
    "+216 2# ### ###", "00352 621 ### ###",
)  # fmt: skip


def phone(rng: random.Random, form: str) -> str:
    """Draw a telephone number, written in one form."""
    number = landline_digits(rng) if form.startswith("landline") else mobile_digits(rng)
    rest = f"{number[1]} {joined(number[2:], ' ')}"
    pairs = [number[at : at + 2] for at in range(0, 10, 2)]
    match form:
        case "mobile" | "landline":
            return joined(number, rng.choice((" ", " ", " ", ".", "", "-")))
        case "plain":
            return number
        case "dots":
            return joined(number, ".")
        case "dashes":
            return joined(number, "-")
        case "slashes":
            return joined(number, "/")
        case "commas":
            return joined(number, rng.choice((",", ", ")))
        case "intl":
            return rng.choice(
                (f"+33 {rest}", f"+33{number[1:]}", f"+33.{number[1]}.{joined(number[2:], '.')}")
            )
        case "intl0":
            return f"+33 (0){rest}"
        case "zeros":
            return rng.choice((f"0033 {rest}", f"0033{number[1:]}", f"00 33 {rest}"))
        case "letter_o":
            return joined(rng.choice("oO") + number[1:], rng.choice((" ", ".")))
        case "threes":
            return f"{number[:4]} {number[4:7]} {number[7:]}"
        case "words":
            easy = f"{rng.randint(1, 6)}{rng.choice('23456789')}"
            two = [*pairs[:3], spoken(easy), pairs[4]]
            first = [spoken(pairs[0]), *pairs[1:]]
            last = [*pairs[:4], spoken(easy)]
            return " ".join(rng.choice((two, first, last)))
        case "overseas":
            return shaped(rng, f"{rng.choice(OVERSEAS)} ## ## ##")
        case "pacific":
            return shaped(rng, rng.choice(("+687 ## ## ##", "+689 87 ## ## ##")))
        case "foreign":
            return shaped(rng, rng.choice(FOREIGN))
        case "uk":
            return shaped(rng, rng.choice(("07700 900###", "020 7946 0###")))
    raise KeyError(form)


# Plates, NIR, IBAN


def plate(rng: random.Random, form: str) -> str:
    """Draw a vehicle's plate."""
    two, three, end = signs(rng, 2, SIV), digits(rng, 3), signs(rng, 2, SIV)
    old = (str(rng.randint(12, 9899)), signs(rng, rng.choice((2, 3)), SIV), rng.choice(DEPARTMENTS))
    match form:
        case "siv":
            return f"{two}-{three}-{end}"
        case "spaces":
            return f"{two} {three} {end}"
        case "joined":
            return f"{two}{three}{end}"
        case "lower":
            return rng.choice(("-", " ", "")).join((two, three, end)).lower()
        case "dots":
            return f"{two}.{three}.{end}"
        case "old":
            return rng.choice((" ", "-", " ")).join(old)
        case "old_joined":
            return "".join(old).lower()
    raise KeyError(form)


DEPARTMENTS = ("14", "22", "29", "31", "33", "35", "44", "56", "59", "67", "69", "75", "85", "93")


def nir(rng: random.Random, form: str) -> str:
    """Draw a social-security number; its key is right but in the form `wrong`."""
    department = rng.choice(("2A", "2B")) if form == "corsica" else rng.choice(DEPARTMENTS)
    parts = (
        rng.choice("12"), f"{rng.randint(30, 99)}", f"{rng.randint(1, 12):02d}", department,
        f"{rng.randint(1, 400):03d}", f"{rng.randint(1, 600):03d}",
    )  # fmt: skip
    number = int("".join(parts).replace("2A", "19").replace("2B", "18"))
    key = 97 - number % 97
    if form == WRONG:
        key = key % 97 + 1
    whole = (*parts, f"{key:02d}")
    match form:
        case "spaces" | "corsica" | "wrong":
            return " ".join(whole)
        case "plain":
            return "".join(whole)
        case "nokey":
            return " ".join(parts)
        case "nokey_plain":
            return "".join(parts)
        case "dots":
            return ".".join(whole)
        case "dash_key":
            return f"{''.join(parts)}-{key:02d}"
        case "slash_key":
            return f"{' '.join(parts)} / {key:02d}"
    raise KeyError(form)


def numeric(text: str) -> int:
    """Return a number in which letters count from 10, as ISO 7064 has it."""
    return int("".join(str(int(sign, 36)) for sign in text))


def iban(rng: random.Random, form: str) -> str:
    """Draw an IBAN with right check digits but in the form `wrong`."""
    country, body = "FR", f"{digits(rng, 5)}{digits(rng, 5)}{digits(rng, 11)}"
    if form == "foreign":
        country = rng.choice(("BE", "DE", "LU", "PT"))
    if country == "FR":
        bank, desk, account = int(body[:5]), int(body[5:10]), int(body[10:])
        body += f"{97 - (89 * bank + 15 * desk + 3 * account) % 97:02d}"
    elif country == "BE":
        body = digits(rng, 10)
        body += f"{int(body) % 97 or 97:02d}"
    elif country == "PT":
        body = digits(rng, 19)
        body += f"{98 - int(body) * 100 % 97:02d}"
    else:
        body = digits(rng, {"DE": 18, "LU": 16}[country])
    check = f"{98 - numeric(f'{body}{country}00') % 97:02d}"
    if form == WRONG:
        check = check[0] + other_digit(rng, check[1])
    whole = f"{country}{check}{body}"
    fours = [whole[at : at + 4] for at in range(0, len(whole), 4)]
    match form:
        case "spaces" | "foreign" | "wrong":
            return " ".join(fours)
        case "plain":
            return whole
        case "lower":
            return whole.lower()
        case "dashes":
            return "-".join(fours)
    raise KeyError(form)


# Dates

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip
SHORT_MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
    "déc.",
)  # fmt: skip
EN_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def dated(rng: random.Random, form: str, first: int, last: int) -> str:
    """Draw a date between two years."""
    day, month, year = rng.randint(2, 28), rng.randint(1, 12), rng.randint(first, last)
    match form:
        case "slash":
            return f"{day:02d}/{month:02d}/{year}"
        case "short":
            return f"{day}/{month}/{year % 100:02d}"
        case "dots":
            return f"{day:02d}.{month:02d}.{year}"
        case "dashes":
            return f"{day:02d}-{month:02d}-{year}"
        case "spaces":
            return f"{day:02d} {month:02d} {year}"
        case "iso":
            return f"{year}-{month:02d}-{day:02d}"
        case "long":
            return f"{rng.choice((str(day), '1er'))} {MONTHS[month - 1]} {year}"
        case "month":
            return f"{day} {SHORT_MONTHS[month - 1]} {year % 100:02d}"
        case "en":
            return f"{day} {EN_MONTHS[month - 1]} {year}"
        case "en_us":
            return f"{EN_MONTHS[month - 1]} {day}, {year}"
    raise KeyError(form)


# Networks, links, numbers of offices


def ip(rng: random.Random, form: str) -> str:
    """Draw an address of a network, most from the blocks of documentation."""
    match form:
        case "v4":
            block = rng.choice(("192.0.2", "198.51.100", "203.0.113", "82.66", "90.112"))
            return (
                f"{block}.{'.'.join(str(rng.randint(2, 250)) for _ in range(3 - block.count('.')))}"
            )
        case "private":
            return f"{rng.choice(('192.168.1', '10.0.3', '172.16.8'))}.{rng.randint(2, 250)}"
        case "port":
            return f"203.0.113.{rng.randint(2, 250)}"
        case "v6":
            parts = [signs(rng, 4, "123456789abcdef") for _ in range(6)]
            return rng.choice(
                (
                    f"2001:db8:{':'.join(parts)}",
                    f"2001:db8:{parts[0]}::{parts[1]}",
                    f"2001:db8::{parts[2]}",
                )
            )
    raise KeyError(form)


HEXES = "0123456789abcdef"
OPAQUE = string.ascii_letters + string.digits


def url_token(rng: random.Random, form: str) -> str:
    """Draw the secret part of a link."""
    match form:
        case "hex":
            return signs(rng, rng.choice((24, 32, 40)), HEXES)
        case "opaque":
            return signs(rng, rng.randint(22, 43), OPAQUE)
        case "dashed":
            return f"{signs(rng, 12, OPAQUE)}-{signs(rng, 14, OPAQUE)}_{signs(rng, 6, OPAQUE)}"
        case "jwt":
            return (
                f"eyJ{signs(rng, 18, OPAQUE)}.eyJ{signs(rng, 26, OPAQUE)}.{signs(rng, 27, OPAQUE)}"
            )
        case "uuid":
            sizes = (8, 4, 4, 4, 12)
            return "-".join(signs(rng, size, HEXES) for size in sizes)
        case "short":
            return signs(rng, rng.randint(10, 14), OPAQUE)
    raise KeyError(form)


IDS: dict[str, tuple[str, ...]] = {
    "fiscal": ("1############", "30 ## ### ### ###", "0# ## ### ### ###", "2############"),
    "caf": ("#######", "####### @", "#######@"),
    "foreigner": ("99########", "75########", "35########"),
    "passport": ("##@@#####",),
    "cni": ("@#@@#@@#@", "@@##@@@##"),
    "cni_old": ("############",),
    "licence": ("############", "##AA#####"),
    "ine": ("##########@", "#########@@"),
    "staff": ("A#####", "######", "@@-####"),
    "customer": ("##########", "# ### ### ###", "C#######"),
    "meter": ("##############",),
    "fine": ("##########",),
    "door": ("####A", "####B", "A####", "B####", "##B##", "##A##"),
}
"""Numbers by which an office or a firm knows somebody, as shapes."""


def other_id(rng: random.Random, form: str) -> str:
    """Draw such a number; those of health workers and bank cards have a check digit."""
    match form:
        case "rpps":
            return luhn(f"10{digits(rng, 8)}")
        case "card":
            number = luhn(rng.choice("45") + digits(rng, 14))
            spaced = " ".join(number[at : at + 4] for at in range(0, 16, 4))
            return rng.choice((number, spaced))
    return shaped(rng, rng.choice(IDS[form]))
