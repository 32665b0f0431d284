# SPDX-License-Identifier: AGPL-3.0-or-later
"""More ways to write a home, a mailbox, a pseudonym and a number, for the `wide_*` templates.

Their forms have names of their own: what the other templates draw stays as it is.
"""

import random
from collections.abc import Callable

from anonymise import people
from anonymise.identifiers import OPAQUE, digits, luhn, shaped, signs
from anonymise.people import Person, letters_of

# Homes

STREETS = (
    ("de la ", "rue Jules-Vallès"), ("de l'", "impasse des Mésanges"), ("du ", "mail Rosa-Bonheur"),
    ("de la ", "traverse du Vieux-Four"), ("du ", "faubourg Saint-Jacques"),
    ("de la ", "montée de la Citadelle"), ("de la ", "ruelle aux Chats"), ("du ", "clos des Pins"),
    ("de la ", "cité Bel-Air"), ("de la ", "promenade des Remparts"), ("de la ", "rue aux Oies"),
    ("de la ", "chaussée de l'Étang"), ("de la ", "Hohlgass"), ("du ", "Kirchweg"),
    ("de la ", "rue du Wasserturm"), ("de la ", "Steinbruchgasse"), ("de ", "Im Winkel"),
    ("de la ", "strada di a Funtana"), ("de l'", "allée U Mulinu"), ("du ", "chemin d'A Punta"),
    ("de ", "straed ar Feunteun"), ("de ", "hent Kerlann"), ("de la ", "rue Ar Mor"),
    ("de la ", "rue Park an Iliz"), ("du ", "chemin Ti-Bois"), ("de la ", "ruelle Pavé"),
    ("de la ", "ligne Paradis"), ("de la ", "servitude Teihotu"), ("de l'", "impasse des Filaos"),
    ("du ", "chemin Oihanbidea"), ("de la ", "carrièra de la Font"), ("de la ", "drève des Frênes"),
    ("de la ", "rue Yvonne-Le-Tac"), ("du ", "rond-point de la Liberté"), ("du ", "port Olive"),
    ("de la ", "rue du 19-Mars-1962"), ("de l'", "avenue du Maréchal-Foch"), ("du ", "cours Gay"),
    ("de la ", "voie Romaine"), ("du ", "sentier des Douaniers"), ("de la ", "rue Saint-Yves"),
    ("de l'", "allée Pierre-de-Ronsard"), ("de la ", "rue Marguerite-Yourcenar"),
)  # fmt: skip
SHORTENED = (
    "r. Jules Vallès", "r Marg. Yourcenar", "bd de la Corderie", "bld Mal Foch", "av Gal de Gaulle",
    "av. du Mal-Foch", "ave St Yves", "imp Mésanges", "imp. des Filaos", "che du Lavoir",
    "chem Ti-Bois", "rte de Brézac", "rte Nle", "fg St-Jacques", "fbg de Paris", "pl Champ-Jacquet",
    "sq. Ste-Marthe", "all. des Cormiers", "all Ronsard", "crs Gay", "q. Turenne", "rés Bel Air",
    "lot. les Vignes", "ham. du Bas", "trav. Vieux Four", "mtée Citadelle", "prom. Remparts",
    "pass. du Chai", "sent. Douaniers", "rpt Liberté", "psg Lemonnier", "lotiss. Clos Neuf",
)  # fmt: skip
PLACES = (
    "Kermadou", "Ty Névez", "Lann Vraz", "la Borie Haute", "le Mas de Cazes", "le Bas Mesnil",
    "la Croix Rouge", "Kerlouarn", "le Bois Joli", "les Basses Vignes", "U Castellu", "Casa Longa",
    "Piton Cabris", "Morne Acajou", "Bellevue", "la Métairie Neuve", "Fond Bourlet", "Oihana",
    "Etxe Zuria", "le Steinacker", "la Houssaye", "Fontbelle", "le Moulin Brûlé", "Coët Bihan",
    "les Champs Gallais", "la Ville Chevalier", "Saint-Maudez", "la Combe aux Loups",
)  # fmt: skip
ENGLISH = (
    "Orchard Close", "Mill Lane", "St Mary's Road", "Queen's Gate Mews", "Kirkstone Crescent",
    "The Green", "Elm Tree Drive", "Harbour View", "Station Parade", "Bramble Way",
)  # fmt: skip


def street(rng: random.Random, _: Person) -> str:
    """A number, and a street of any region."""
    number, (_of, name) = rng.randint(1, 240), rng.choice(STREETS)
    return rng.choice((f"{number} {name}", f"{number}, {name}", f"{number} {name.lower()}"))


def behind(rng: random.Random, _: Person) -> str:
    """The number behind the street."""
    number, (_of, name) = rng.randint(1, 240), rng.choice(STREETS)
    return f"{name}{rng.choice((' ', ' no ', ', le ', ' au ', ' - ', ' numero ', ', '))}{number}"


def of_the(rng: random.Random, _: Person) -> str:
    """The number of the street, as one says it."""
    of, name = rng.choice(STREETS)
    return f"{rng.randint(1, 90)} {of}{name}"


def letter(rng: random.Random, _: Person) -> str:
    """A number with what tells it from its neighbour's."""
    number, (_of, name) = rng.randint(1, 120), rng.choice(STREETS)
    with_ = rng.choice(("bis", "ter", " bis", "B", " B", " C", "-A", " quater", "/2", "bis A"))
    return f"{number}{with_}{rng.choice((' ', ', '))}{name}"


def between(rng: random.Random, _: Person) -> str:
    """Several numbers of one house."""
    number, (_of, name) = rng.randint(1, 120), rng.choice(STREETS)
    return f"{number}{rng.choice(('-', '/', ' à ', ' et ', ' - ', '&'))}{number + 2} {name}"


def short(rng: random.Random, _: Person) -> str:
    """A street cut short."""
    number = f"{rng.randint(1, 190)}{rng.choice(('', '', '', 'b', ' bis', ' T'))}"
    return f"{number}{rng.choice((' ', ' ', ', '))}{rng.choice(SHORTENED)}"


def capitals(rng: random.Random, one: Person) -> str:
    """As on an envelope that a machine reads."""
    return people.plain(rng.choice((street, letter, short))(rng, one)).upper().replace("-", " ")


def typed(rng: random.Random, one: Person) -> str:
    """As on a telephone: small letters, no accents, no marks."""
    written = people.plain(rng.choice((street, letter))(rng, one)).lower()
    return written.replace("-", " ").replace(",", "").replace("'", " ")


def dwelling(rng: random.Random, _: Person) -> str:
    """Which door of a building."""
    number, small = rng.randint(11, 312), rng.randint(1, 9)
    block = rng.choice("ABCDEFGH")
    return rng.choice(
        (
            f"bât {block} appt {number}", f"bat. {block}, esc. {small}, porte {number}",
            f"appart {number}", f"apt n°{number}", f"{small + 1}e droite", f"{small + 1}ème gauche",
            f"porte {small}", f"chambre {number}", f"studio {number}", f"pavillon {small}",
            f"cage {small} appt {number}", f"tour {block}, appt {number}", f"logt {number}",
            f"hall {small}, porte {number}", f"villa n° {small}", f"app. {block}{small}",
            f"boîte aux lettres {number}", f"{small}e étage, porte {number}",
            f"Apt. {block}{number}",
            f"immeuble {block}, {small}e, porte face", f"entrée {small} appartement {number}",
        )
    )  # fmt: skip


def pitch(rng: random.Random, _: Person) -> str:
    """Which place of an estate or of a camp."""
    number, block = rng.randint(2, 214), rng.choice("ABCD")
    return rng.choice(
        (
            f"lot {number}", f"lot n° {number}", f"chalet {number}", f"mobil-home {number}",
            f"emplacement {block}{number}", f"emplacement n° {number}",
            f"parcelle {number} du camping", f"bungalow {number}", f"caravane n°{number}",
            f"ponton {block}, place {number}",
        )
    )  # fmt: skip


def place(rng: random.Random, _: Person) -> str:
    """A hamlet or a farm, which is an address where there are few."""
    return rng.choice(PLACES)


def box(rng: random.Random, _: Person) -> str:
    """A post-office box."""
    number = digits(rng, 5)
    return rng.choice(
        (f"BP {number}", f"B.P. {number[:3]}", f"BP{number}", f"boîte postale {number[:4]}",
         f"CS {number}", f"poste restante n° {number[:4]}")
    )  # fmt: skip


def english(rng: random.Random, _: Person) -> str:
    """A home on the other side of the Channel."""
    number = f"{rng.randint(1, 140)}{rng.choice(('', '', '', 'a', 'B'))}"
    return f"{number} {rng.choice(ENGLISH)}"


def english_flat(rng: random.Random, _: Person) -> str:
    """Which door, in English."""
    number, small = rng.randint(2, 88), rng.randint(2, 9)
    return rng.choice(
        (f"flat {number}", f"Flat {small}{rng.choice('ABC')}", f"apt {number}", f"unit {number}",
         f"room {number + 100}", f"apartment {number}, {small}th floor", f"door {small}",
         f"block {rng.choice('ABC')}, flat {number}")
    )  # fmt: skip


# Mailboxes

HOSTS = (
    *people.PROVIDERS, "boite.example", "correo.example", "post.example", "mel.example.com",
    "etu.univ.example.org", "pro.example.net", "co.example",
)  # fmt: skip


def _halves(rng: random.Random, one: Person) -> tuple[str, str, str]:
    first = letters_of(one.first.replace("-", " ").split()[0])
    return first, letters_of(one.last), rng.choice(HOSTS)


def _box(rng: random.Random, one: Person) -> tuple[str, str]:
    first, last, host = _halves(rng, one)
    year = f"{rng.randint(48, 99)}"
    return rng.choice(
        (
            f"{first}.{last}", f"{last}.{first}", f"{first}{year}", f"{first[0]}{last}",
            f"{first}_{last}", f"{last}-{first}", f"les.{last}s", f"famille.{last}",
            f"{first}.{last}.{year}", f"{last}{year}", f"{first}{last[0]}",
            f"{first}.{last[:4]}{year}",
        )
    ), host  # fmt: skip


def mail(rng: random.Random, one: Person) -> str:
    """A mailbox as it is."""
    return "@".join(_box(rng, one))


def spelt(rng: random.Random, one: Person) -> str:
    """A mailbox as one says it on the telephone."""
    first, last, host = _halves(rng, one)
    between_ = rng.choice((" point ", " tiret ", " tiret du bas ", " underscore ", " "))
    at = rng.choice((" arobase ", " arrobase ", " at ", " arobas ", " a commercial "))
    return f"{first}{between_}{last}{at}{host.replace('.', ' point ')}"


def chez(rng: random.Random, one: Person) -> str:
    """With a word for the sign."""
    name, host = _box(rng, one)
    dotted = rng.choice((host, host.replace(".", " point ")))
    return f"{name}{rng.choice((' chez ', ' CHEZ ', '-chez-', ' (chez) '))}{dotted}"


def instead(rng: random.Random, one: Person) -> str:
    """With another sign for the sign."""
    name, host = _box(rng, one)
    return f"{name}{rng.choice(('#', '*', ' à ', '[a]', '(@)', '(arobase)', '_at_'))}{host}"


def commas(rng: random.Random, one: Person) -> str:
    """With commas for all its points."""
    name, host = _box(rng, one)
    return f"{name}@{host}".replace(".", rng.choice((",", ", ")))


def capital_mail(rng: random.Random, one: Person) -> str:
    """As it stands on a form."""
    return mail(rng, one).upper()


def broken(rng: random.Random, one: Person) -> str:
    """Cut at the end of a line."""
    name, host = _box(rng, one)
    cut = host.replace(".", ".\n", 1)
    return rng.choice((f"{name}@\n{host}", f"{name}\n@{host}", f"{name}@{cut}"))


def airy(rng: random.Random, one: Person) -> str:
    """With spaces around everything."""
    return mail(rng, one).replace(".", " . ").replace("@", " @ ")


def sub(rng: random.Random, one: Person) -> str:
    """With what its owner sorts mail by."""
    name, host = _box(rng, one)
    tag = rng.choice(("+ville", "+cantine2026", "+noreply", "+beffroi", ".mairie"))
    return f"{name}{tag}@{host}"


def agent(rng: random.Random, one: Person) -> str:
    """The box of somebody who works for a public body."""
    first, last, _ = _halves(rng, one)
    town = people.town_host(rng)
    name = rng.choice(
        (f"{first[0]}.{last}", f"{last}.{first[0]}", f"{first}-{last}", f"{last}{first[0]}")
    )
    host = rng.choice(
        (f"ville-{town}", f"ccas.{town}", f"{town}-agglo", f"mairie.{town}", f"sdis-{town}")
    )
    return f"{name}@{host}.example.org"


# Pseudonyms

NICKS = (
    "ratonlaveur", "nono_le_robot", "MissTinguette", "bibi.fricotin", "Zigotoo", "lareinedespommes",
    "captainbreizh", "tarte_aux_mirabelles", "poulpe.fiction", "Sushi", "el_barto", "kawa",
    "PetitScarabee", "mamanlouve", "dr_schnock", "fanfan.la.tulipe", "L0ulou", "xX_d4rk_Xx",
    "Ragondin", "vieux_schnoque", "pelote", "Gribouille", "ch4tn0ir", "velorutionnaire", "NicoLM",
    "loupblanc", "tchoupi", "Bulldozer", "OursMalLeche", "cyclopathe", "m0ustik", "LaTortue",
    "sparadrap", "grosminet", "Pimprenelle", "jeanmi_du_bled", "kebabtime", "Kaamelott_fan",
)  # fmt: skip
PHRASES = (
    "La Mouette Rieuse", "Un vieux du quartier", "Citoyenne Masquée", "Le Pêcheur de lune",
    "Riverain 12", "Maman poule", "Dédé la Sardine", "Piéton libre", "Chat Perché",
    "Les Trois Ours", "Le Grand Schtroumpf", "Vélo Rouge", "Cactus bleu", "Mère Courage",
    "Lecteur du soir",
)  # fmt: skip


def nick(rng: random.Random, one: Person) -> str:
    """A pseudonym of one word."""
    first, name = letters_of(one.first), rng.choice(NICKS)
    number = digits(rng, rng.choice((2, 3, 4)))
    return rng.choice(
        (
            name, name, f"{name}{number}", f"{name}_{number}", f"{number}{name}", f"_{name}_",
            f"{name.upper()}", f"{name}.{number[:2]}", f"{first}du{number[:2]}", f"{name}-off",
            f"xx{name}xx", f"the_real_{first}", f"{first}.{number}", f"{name.title()}{number[:2]}",
        )
    )  # fmt: skip


def phrase(rng: random.Random, _: Person) -> str:
    """A pseudonym of several words."""
    return rng.choice(PHRASES)


def at_nick(rng: random.Random, one: Person) -> str:
    """With the sign before it, as networks show it."""
    return f"@{nick(rng, one)}"


def tagged(rng: random.Random, _: Person) -> str:
    """With the number that tells it from others of the same name."""
    return f"{rng.choice(NICKS)}#{digits(rng, 4)}"


def far(rng: random.Random, _: Person) -> str:
    """With its server, as on a network of servers."""
    return f"@{rng.choice(NICKS)}@{rng.choice(('social', 'pouet', 'toot'))}.example.org"


def account(rng: random.Random, one: Person) -> str:
    """A login that a firm or an office gave."""
    first, last = letters_of(one.first), letters_of(one.last)
    return rng.choice(
        (
            f"{first[0]}{last}{digits(rng, 2)}", f"{last}_{first[0]}", f"{first}.{last}",
            f"{last[:6]}{first[:2]}", f"u{digits(rng, 6)}", f"usr-{digits(rng, 5)}",
            f"{last[:3].upper()}{first[:3].upper()}{digits(rng, 2)}", f"ext-{last}",
            f"{last}{first}",
        )
    )  # fmt: skip


# Numbers by which offices and firms know somebody

SHAPES: dict[str, tuple[str, ...]] = {
    "tax": ("30 ## ### ### ###", "0#.##.###.###.###", "2############", "13-##-###-###-###"),
    "allowance": ("#######", "####### @", "### ####@", "0####### @"),
    "resident": ("99########", "93########", "75 ## ## ## ##", "@@@######", "@##@####@"),
    "travel": ("##@@#####", "## @@ #####", "##@@ #####"),
    "card_new": ("@#@@@@#@#", "@@##@@@##", "@##@ @@# @#"),
    "card_old": ("############", "## ## ## ## ####"),
    "driving": ("## ## ## ######", "############", "##AA#####", "##@@#####"),
    "pupil": ("##########@", "#########@@", "#### ### ###@"),
    "adeli": ("35#######", "29 # ##### #", "67#######"),
    "agent": ("#####", "A-####", "@@####", "00####", "M#####", "P ######"),
    "client": (
        "C-########", "1-#########", "## ### ###", "CLI######", "#########", "@@-####-####",
        "7 ### ### ###", "###.###.###", "00########",
    ),
    "power": ("## ### ### ### ###", "##############", "#### #### #### ##", "GI######"),
    "housing": ("0350###########", "035 0#2# ###### #####", "75########### #####"),
    "benefit": ("35-#####", "MDPH-##-#####", "#######@", "2024/#####", "R######"),
    "penalty": ("##########", "## ## ## ## ##", "35 #### ####", "20######-###"),
    "insured": ("802500000#########", "80250 00#### ########"),
    "pass": ("#### #### ####", "1###########", "@@########", "00-######-#"),
    "reader": ("2####00#######", "L#######", "D0####"),
    "keypad": ("####", "#### B", "A####", "*####", "##A##", "####V"),
    "parcel": ("6A###########", "8R###########", "XS#########FR", "1Z###AA1########"),
    "member": ("25########", "######## @", "@@@-#####", "0#######"),
    "badge": ("00#####", "#####-##", "04:A3:5F:##:9B:##", "B####"),
    "chip": ("250269#########", "250 26 95 ########", "2502687########"),
    "grave": ("C-####", "####/19##", "19##-###"),
    "tenant": ("L/####/##", "LOC######", "###-##-####", "0########"),
    "patient": ("########", "8########", "N-######"),
}  # fmt: skip
WORDS = ("Soleil", "Biscotte", "Medor", "Bretagne", "azerty", "Caramel", "Lucie", "Printemps")


def number(kind: str) -> Callable[[random.Random, Person], str]:
    """Return what draws a number of this kind."""

    def drawn(rng: random.Random, _: Person) -> str:
        return shaped(rng, rng.choice(SHAPES[kind]))

    return drawn


def health_worker(rng: random.Random, _: Person) -> str:
    """The number of a doctor, in one piece or not."""
    value = luhn(f"1{digits(rng, 9)}")
    return rng.choice((value, f"{value[:3]} {value[3:7]} {value[7:]}"))


def bank_card(rng: random.Random, _: Person) -> str:
    """The number of a bank card."""
    value = luhn(rng.choice("45") + digits(rng, 14))
    by = rng.choice((" ", "-", "."))
    return by.join(value[at : at + 4] for at in range(0, 16, 4))


def password(rng: random.Random, _: Person) -> str:
    """A password of the kind that people choose."""
    word = rng.choice(WORDS)
    return rng.choice(
        (f"{word}{digits(rng, 2)}!", f"{word}{digits(rng, 4)}", f"{word}-{digits(rng, 3)}*",
         f"{signs(rng, 6, OPAQUE)}{digits(rng, 2)}", f"{word.lower()}_{digits(rng, 2)}$")
    )  # fmt: skip


FORMS: dict[str, dict[str, Callable[[random.Random, Person], str]]] = {
    "ADDRESS": {
        "street": street, "behind": behind, "of_the": of_the, "letter": letter, "between": between,
        "short": short, "capitals": capitals, "typed": typed, "dwelling": dwelling, "pitch": pitch,
        "place": place, "box": box, "english": english, "english_flat": english_flat,
    },
    "EMAIL": {
        "mail": mail, "spelt": spelt, "chez": chez, "instead": instead, "commas": commas,
        "capital_mail": capital_mail, "broken": broken, "airy": airy, "sub": sub, "agent": agent,
    },
    "USERNAME": {
        "nick": nick, "phrase": phrase, "at_nick": at_nick, "tagged": tagged, "far": far,
        "account": account,
    },
    "OTHER_ID": {
        **{kind: number(kind) for kind in SHAPES},
        "health_worker": health_worker, "bank_card": bank_card, "password": password,
    },
}  # fmt: skip
"""What draws a value, by label and form."""
