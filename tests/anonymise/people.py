# SPDX-License-Identifier: AGPL-3.0-or-later
"""Persons who do not exist, their mailboxes, homes and pseudonyms, to fill the set with.

Mail domains are those reserved for examples.
"""

import random
import unicodedata
from dataclasses import dataclass

from anonymise import names
from anonymise.identifiers import digits


def plain(text: str) -> str:
    """Return the text without accents."""
    parts = unicodedata.normalize("NFKD", text.replace("ı", "i"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def letters_of(text: str) -> str:
    """Return only the letters of a name as an address would have them."""
    return "".join(sign for sign in plain(text).lower() if sign.isalnum())


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first: str
    last: str

    def written(self, form: str) -> str:
        """Return the name in one of the ways in which people write it."""
        initials = "-".join(f"{part[0]}." for part in self.first.replace(" ", "-").split("-"))
        ways = {
            "full": f"{self.first} {self.last}",
            "first": self.first,
            "surname": self.last,
            "upper": f"{self.first} {self.last}".upper(),
            "lower": f"{self.first} {self.last}".lower(),
            "caps_last": f"{self.first} {self.last.upper()}",
            "last_first": f"{self.last.upper()} {self.first}",
            "surname_first": f"{self.last} {self.first}",
            "surname_caps": self.last.upper(),
            "first_caps": self.first.upper(),
            "lower_first": self.first.lower(),
            "lower_surname": self.last.lower(),
            "initials": f"{initials} {self.last}",
            "first_initial": f"{self.first} {self.last.split()[-1][0].upper()}.",
            "initial_caps": f"{initials} {self.last.upper()}",
            "caps_initial": f"{self.last.upper()} {initials}",
            "comma": f"{self.last}, {self.first}",
            "all_caps_last_first": f"{self.last} {self.first}".upper(),
            "lower_last_first": f"{self.last} {self.first}".lower(),
        }
        return ways[form]


def person(rng: random.Random, kept: bool, gender: str = "", words: bool = False) -> Person:
    """Draw somebody; half of the names of the kept part come from lists of its own."""
    lists = names.KEPT if kept and rng.random() < 0.5 else names.BUILD
    weights = [group.weight for group in lists]
    one = lists[-1] if words else rng.choices(lists, weights)[0]
    other = lists[-1] if words else one if rng.random() < 0.75 else rng.choice(lists[:6])
    firsts = {"w": one.women, "m": one.men}.get(gender, one.women + one.men)
    return Person(rng.choice(firsts), rng.choice(other.surnames))


def stranger(rng: random.Random, gender: str = "") -> Person:
    """Draw somebody whose name few have met."""
    one = rng.choices(names.RARE, [group.weight for group in names.RARE])[0]
    firsts = {"w": one.women, "m": one.men}.get(gender, one.women + one.men)
    return Person(rng.choice(firsts), rng.choice(one.surnames))


# Mail

PROVIDERS = (
    "example.org", "example.com", "example.net", "courriel.example.org", "mail.example.com",
    "poste.example.net",
)  # fmt: skip


INVENTED = ("Plouvern", "Saint-Aubrin", "Val-d'Orgeon", "Kerzéan", "Montfleury", "Brézac")


def town_host(rng: random.Random) -> str:
    """Draw a commune as it stands in the name of a host."""
    return letters_of(rng.choice(INVENTED))


def email(rng: random.Random, form: str, one: Person) -> str:
    """Return an address of this person, written in one form."""
    first, last = letters_of(one.first.split("-")[0].split(" ")[0]), letters_of(one.last)
    box = rng.choice(
        (
            f"{first}.{last}", f"{first}{last}", f"{first[0]}.{last}", f"{last}.{first}",
            f"{first}-{last}", f"{first}_{last}{digits(rng, 2)}", f"{first}{digits(rng, 2)}",
            f"{last}{digits(rng, 2)}",
        )
    )  # fmt: skip
    domain = rng.choice(PROVIDERS)
    dotted = domain.replace(".", rng.choice((" point ", "[dot]", " [dot] ", "(point)")))
    match form:
        case "of":
            return f"{box}@{domain}"
        case "pro":
            host = f"{rng.choice(('mairie', 'ville', 'agglo', 'cc'))}-{town_host(rng)}"
            return f"{first}.{last}@{host}.example.org"
        case "arobase":
            sign = rng.choice((" arobase ", "arobase", " [arobase] ", " AROBASE "))
            return f"{box}{sign}{rng.choice((dotted, domain))}"
        case "at":
            return f"{box}{rng.choice(('(at)', ' (at) ', '[at]', ' at ', '(a)'))}{domain}"
        case "dot":
            return f"{box}@{domain.replace('.', rng.choice(('[dot]', '(dot)', ' point ', '[.]')))}"
        case "spaced":
            return f"{box}{rng.choice((' @', '@ ', ' @ '))}{domain}"
        case "comma":
            return f"{box}@{','.join(domain.rsplit('.', 1))}"
        case "plus":
            return f"{box}+mairie@{domain}"
    raise KeyError(form)


# Addresses

ODONYMS = (
    ("rue", "des Lilas"), ("rue", "de la Fontaine"), ("rue", "Victor-Hugo"),
    ("avenue", "Jean-Jaurès"), ("boulevard", "de la Liberté"), ("allée", "des Tilleuls"),
    ("impasse", "du Moulin"), ("chemin", "des Écoliers"), ("place", "du Marché"),
    ("quai", "de la Fraternité"), ("route", "de Saint-Malo"), ("rue", "du 8 Mai 1945"),
    ("rue", "Simone-Veil"), ("square", "Marie-Curie"), ("rue", "de l'Abbé-Grégoire"),
    ("venelle", "du Puits"), ("rue", "Pierre et Marie Curie"), ("avenue", "du Général-Leclerc"),
    ("cours", "des Alliés"), ("rue", "Rose-Bertin"), ("rue", "aux Fèvres"), ("rue", "Haute"),
    ("lotissement", "les Hauts de Kerval"), ("résidence", "des Trois Chênes"),
)  # fmt: skip
KEPT_ODONYMS = (
    ("rue", "des Glycines"), ("rue", "Louise-Michel"), ("avenue", "Aristide-Briand"),
    ("boulevard", "Carnot"), ("allée", "des Cormorans"), ("passage", "du Petit-Four"),
    ("chemin", "de la Croix-Blanche"), ("rue", "du Docteur-Calmette"), ("rue", "de Bretagne"),
    ("sente", "aux Ânes"), ("esplanade", "Lucie-Aubrac"), ("rue", "du 11-Novembre"),
    ("place", "Marguerite-Duras"), ("rue", "Basse"), ("quartier", "de la Gare"),
)  # fmt: skip
SHORT = {
    "rue": ("r.", "r"), "avenue": ("av.", "av", "ave"), "boulevard": ("bd", "bvd", "Bld"),
    "allée": ("all.",), "impasse": ("imp.",), "chemin": ("ch.", "chem."), "place": ("pl.", "pl"),
    "route": ("rte",), "square": ("sq.",), "résidence": ("rés.",), "lotissement": ("lot.",),
}  # fmt: skip
HAMLETS = (
    "Kervenou", "Kergoff", "La Ville-ès-Nonais", "La Basse Coudraie", "Pen ar Hoat", "Le Mas Vieux",
    "La Petite Métairie", "Les Quatre Vents", "Coat Fao", "Le Haut Bois", "Larrazabalenea",
)  # fmt: skip
KEPT_HAMLETS = ("Kerantour", "La Grande Noë", "Le Bas Plessis", "Mas des Oliviers", "Ty Coz")
NUMBERS = ("deux", "trois", "sept", "douze", "quatorze", "vingt-deux", "trente et un")


def odonym(rng: random.Random, kept: bool) -> tuple[str, str]:
    """Draw a street: its type and its name."""
    return rng.choice(KEPT_ODONYMS if kept and rng.random() < 0.5 else ODONYMS)


def address(rng: random.Random, form: str, kept: bool) -> str:
    """Draw where somebody lives."""
    kind, name = odonym(rng, kept)
    number = rng.randint(1, 148)
    match form:
        case "full":
            return f"{number} {kind} {name}"
        case "comma":
            return f"{number}, {kind} {name}"
        case "bis":
            return f"{number} {rng.choice(('bis', 'ter', 'B', 'bis,', 'quater'))} {kind} {name}"
        case "abbr":
            return f"{number} {rng.choice(SHORT.get(kind, (kind,)))} {name}"
        case "lower":
            return f"{number} {kind} {name.replace('-', ' ')}".lower()
        case "after":
            return f"{kind} {name}, {rng.choice(('au', 'n°', 'numéro', 'nº'))} {number}"
        case "of":
            of = "du " if kind in MASCULINE else "de l'" if kind[0] in "aei" else "de la "
            return f"{number} {of}{kind} {name}"
        case "words":
            return f"{rng.choice(NUMBERS)} {kind} {name}"
        case "flat":
            return rng.choice(
                (
                    f"appartement {number}", f"appt {number}", f"apt. {number}", f"porte {number}",
                    f"bât. {rng.choice('ABCDE')} appt {number}", f"bâtiment {rng.choice('ABCDEF')}",
                    f"escalier {rng.randint(1, 4)}, porte {number}", f"logement n° {number}",
                    f"{rng.randint(2, 9)}e étage porte {number}",
                )
            )  # fmt: skip
        case "en_flat":
            return rng.choice((f"flat {number}", f"apartment {number}", f"Flat {number}B"))
        case "hamlet":
            return rng.choice(KEPT_HAMLETS if kept and rng.random() < 0.6 else HAMLETS)
    raise KeyError(form)


MASCULINE = {"boulevard", "chemin", "quai", "square", "cours", "lotissement", "passage", "quartier"}


# Pseudonyms

NICKNAMES = (
    "titi", "madmax", "lulu_du_port", "jojo", "gwen", "pti_loup", "roidelapoele", "chouquette",
    "velo_boulot", "papymougeot", "zouzou", "darkbzh", "lamouette", "kikoo", "tonton_flingue",
)  # fmt: skip
KEPT_NICKNAMES = ("biniou", "mamie_tricot", "skate4ever", "ptitpois", "el_capitan", "grincheux")


def username(rng: random.Random, form: str, one: Person, kept: bool) -> str:
    """Draw what somebody is called online."""
    first, last = letters_of(one.first), letters_of(one.last)
    nick = rng.choice(KEPT_NICKNAMES if kept and rng.random() < 0.6 else NICKNAMES)
    number = digits(rng, 2)
    match form:
        case "pseudo":
            return rng.choice((f"{nick}{number}", f"{nick}_{number}", f"{nick}-{number}", nick))
        case "capital":
            return f"{nick.replace('_', ' ').title().replace(' ', '')}{number}"
        case "handle":
            return f"@{nick}{rng.choice((number, '_' + number, ''))}"
        case "login":
            return rng.choice((f"{first[0]}{last}", f"{last}.{first[0]}", f"{first}{number}"))
        case "code":
            return f"{last[:4]}{number}{first[0]}"
    raise KeyError(form)
