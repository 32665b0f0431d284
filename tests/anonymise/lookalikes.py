# SPDX-License-Identifier: AGPL-3.0-or-later
"""What looks like personal data and must survive: places, offices, laws, numbers of things."""

import random
import re
from collections.abc import Callable

from anonymise import identifiers, people

COMMUNES = (
    "Saint-Denis", "Rennes", "Laval", "Sainte-Marie", "Saint-Claude", "Bruz", "Vitré", "Lorient",
    "Saint-Étienne", "Saint-Paul", "Albert", "Vernon", "Sainte-Rose", "Rosalie-sur-Orgeon",
    "Marine-les-Bains", "Saint-Gilles", "Clermont-Ferrand", "Saint-Pierre-d'Orgeon",
    *people.INVENTED,
)  # fmt: skip
WRITTEN: dict[str, tuple[str, ...]] = {
    "school": (
        "école Jacques-Prévert",
        "collège Simone-Veil",
        "lycée Jean-Macé",
        "école Anne-Frank",
        "groupe scolaire Louise-Michel",
        "crèche Marie-Curie",
        "école maternelle Jean Moulin",
        "lycée Marguerite-de-Navarre",
        "école Sainte-Anne",
        "maternelle Jules Ferry",
        "médiathèque François-Mitterrand",
        "maison de quartier Rosa-Parks",
    ),
    "venue": (
        "stade Marcel-Hébert",
        "gymnase Colette-Besson",
        "salle Pierre-Brossolette",
        "piscine Alice-Milliat",
        "espace Georges-Brassens",
        "parc Émile-Zola",
        "pont Jean-Bart",
        "square Lucie-Aubrac",
        "théâtre Jean Vilar",
        "parking Jean-Jaurès",
        "EHPAD Les Marguerites",
        "halle Martin",
        "résidence autonomie Pierre Laroque",
        "arrêt Victor Schœlcher",
    ),
    "law": (
        "loi Evin",
        "loi Lemaire",
        "loi Carrez",
        "loi Pinel",
        "loi Labbé",
        "loi Climat",
        "loi Badinter",
        "arrêt Danthony",
        "loi Hamon",
        "dispositif Denormandie",
        "loi Égalim",
    ),
    "brand": (
        "Leroy Merlin",
        "Peugeot",
        "Renault Clio",
        "Véolia",
        "Decathlon",
        "Yves Rocher",
        "Michel et Augustin",
        "JCDecaux",
        "Franprix",
        "Citroën Berlingo",
        "Marie Blachère",
        "Orange",
        "Boulanger",
        "Monoprix",
        "Thomas Cook",
        "Jules et Jim",
    ),
    "storm": ("tempête Ciara", "tempête Alex", "tempête Justine", "tempête Fabien", "ouragan Irma"),
    "statue": (
        "statue de Jeanne d'Arc",
        "buste de Jean Jaurès",
        "statue du maréchal Ney",
        "fresque Anne de Bretagne",
        "monument Du Guesclin",
    ),
    "office": (
        "le maire",
        "la maire",
        "Madame la Maire",
        "Monsieur le Maire",
        "la préfète",
        "l'adjoint à la voirie",
        "le directeur général des services",
        "la DPO",
        "le PRADA",
        "l'élue à l'urbanisme",
        "le président de l'agglomération",
    ),
    "service": (
        "3975",
        "39 39",
        "112",
        "3919",
        "le 17",
        "le 3237",
        "le 115",
        "le 3018",
        "le 36 39",
    ),
    "law_article": (
        "article L. 311-1 du CRPA",
        "article L. 2121-26 du CGCT",
        "article R. 417-10",
        "article L. 312-1-1",
        "décret n° 2018-1117",
        "article 13 du RGPD",
    ),
    "dataset": (
        "fr-marches-2025",
        "budget-primitif_2026.csv",
        "arbres-urbains-v3",
        "ds-000412",
        "pei-2026-04.geojson",
        "6f1c2b9e-44d0-4a51-9c3e-0b7d1a2e55f0",
    ),
    "handle": ("@VilledeRennes", "@Prefet35", "@ANSSI_FR", "@MairiePlouvern", "@cnil", "@CADA_fr"),
    "software": (
        "Nextcloud 28",
        "Maarch",
        "Publik",
        "GLPI 10.0.9",
        "Alfresco",
        "Decidim",
        "Jupyter",
        "Arpège",
        "Django 4.2",
        "Pastell",
        "Claire 3",
        "Berger-Levrault e.magnus",
        "Ciril Civil Net",
        "QGIS 3.34 Prizren",
    ),
    "work": (
        "« Thérèse Raquin »",
        "« Eugénie Grandet »",
        "« Les Aventures de Zoé »",
        "« Monsieur Vincent »",
        "« Jules et Jim »",
        "« Nadja »",
        "« Lettre à Élise »",
        "« Marius »",
        "« La Vie de Brian »",
        "« Le Neveu de Rameau »",
    ),
    "shop": (
        "Chez Marcel",
        "Coiffure Sandrine",
        "Garage Martin",
        "boucherie Lefèvre",
        "Brasserie Georges",
        "Auto-école Bruno",
        "pharmacie Duval",
        "Bar Chez Nénette",
        "Boulangerie Paul",
        "Optique Lissac",
        "fleuriste Au Bonheur de Flore",
        "tabac Le Saint-Yves",
        "pressing Angélique",
        "Kebab Istanbul",
    ),
    "institution": (
        "villa Médicis",
        "hôpital Georges-Pompidou",
        "fondation Abbé-Pierre",
        "institut Pasteur",
        "musée Rodin",
        "CHU Pontchaillou",
        "prieuré Saint-Cosme",
        "centre Eugène-Marquis",
        "mémorial Charles-de-Gaulle",
        "aéroport Charles-de-Gaulle",
        "maison Louis-Guilloux",
        "clinique Sainte-Claire",
        "centre Alma",
        "Croix-Rouge",
    ),
    "public_account": (
        "@AggloOrgeon",
        "@SDIS_35",
        "@gendarmerie_29",
        "@data_gouv_fr",
        "@bibliotheque.montfleury",
        "@Defenseurdroits",
        "@mairie@social.kerzean.example.org",
        "@OfficeTourismeBrezac",
        "@TER_Bretagne",
        "@MeteoFrance",
    ),
    "login_word": ("admin", "root", "invité", "guest", "anonymous", "postgres", "test", "demo"),
    "count": ("14 500 000", "3 742", "128", "1 204", "27 000", "65", "12"),
}


SHAPES: dict[str, tuple[str, ...]] = {
    "postcode": ("35##0", "29##0", "67##0", "44##0", "59##0"),
    "amount": ("## ### €", "#,## M€", "3## ### euros", "1 2##,50 €", "4 ### €"),
    "gps": ("48.#####, -1.#####", "43.#####, 1.#####", "47.####, -2.####", "48.######,7.######"),
    "road": ("D2##", "RD 9#", "N1##", "A8#", "D7"),
    "version": ("1#.2.4.1", "10.#.1#.2", "3.1#.12.1", "8.#.3#.0", "10.2.1#.1"),
    "cve": ("CVE-2024-#####", "CVE-2025-####", "CVE-2026-#####"),
    "cerfa": ("Cerfa n° 1####*03", "Cerfa 1####*11", "cerfa n°1####*07"),
    "market": ("marché n° 2026-###", "marché ####S####", "lot n° 4 du marché 25M###"),
    "deliberation": ("délibération n° 2026-###", "délibération 2025/##/###", "arrêté n° 26-####"),
    "cadastre": ("parcelle @@ ####", "section @@ n° ###", "parcelle 000 @@ ###"),
    "ticket": ("ticket n° 2026-######", "SIG-######", "dossier DEM-2026-#####", "dossier n° 1####"),
    "kilometre": ("PR 12+4##", "PK 2#,#", "km 1##", "PR 7+0##", "borne kilométrique 4#"),
    "decision": (
        "CE, 12 mars 2024, n° 4#####",
        "TA Rennes, n° 2#0####",
        "CAA de Nantes, n° 2#NT0####",
        "Cass. 2e civ., n° 2#-1#.###",
        "avis CADA n° 2024####",
        "décision n° 2023-8## DC",
    ),
    "product": (
        "réf. ###.###.##",
        "modèle XR-####",
        "référence produit @@####-##",
        "art. 40#####",
        "EAN 376##########",
    ),
    "equipment": (
        "PEI n° 35238-0###",
        "ascenseur n° AS-####",
        "transformateur P####",
        "borne IRVE FR*S35*E####",
        "horodateur n° 1##",
        "compteur vélo n° 1000####",
        "caméra CV-0##",
        "conteneur n° 4####",
        "regard R####",
    ),
    "helpdesk": ("GLPI #0######", "INC00#####", "Redmine #####", "JIRA DSI-####", "[#4-#####]"),
    "blank": (
        "formulaire F-###",
        "imprimé 2042-C",
        "annexe B-1#",
        "modèle S####",
        "notice 5####*0#",
    ),
    "bus": ("ligne C4", "ligne 5#", "bus 2##", "car n° 1#", "navette N#"),
    "purchase": ("bon de commande 45000#####", "BC-2026-####", "facture FA26####", "mandat 1###"),
    "asset": ("candélabre EP-####", "armoire @@###", "borne n° ####", "poteau 5####"),
}


def _siren(rng: random.Random) -> str:
    number = identifiers.luhn(identifiers.digits(rng, 8))
    return rng.choice((number, f"{number[:3]} {number[3:6]} {number[6:]}"))


def _siret(rng: random.Random) -> str:
    number = identifiers.luhn(
        identifiers.luhn(f"2{identifiers.digits(rng, 7)}") + identifiers.digits(rng, 4)
    )
    return rng.choice((number, f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"))


def _site(rng: random.Random) -> str:
    page = rng.choice(("budget", "conseil/2026-03", "donnees?page=2", "voirie/travaux", "actes"))
    return f"https://www.{people.town_host(rng)}.example.org/{page}"


def _mailbox(rng: random.Random) -> str:
    boxes = ("contact", "mairie", "dpo", "cada", "accueil", "urbanisme", "ne-pas-repondre")
    return f"{rng.choice(boxes)}@{people.town_host(rng)}.example.org"


def _desk_box(rng: random.Random) -> str:
    boxes = (
        "ecole.jean.mace", "mediatheque-simone-veil", "etat.civil", "guichet-unique",
        "fete.musique", "sos.frelons", "marche-noel2026", "fabrique.citoyenne", "allo.proprete",
        "crr.nadia-boulanger",
        "maison.france.services", "budget_participatif", "noreply+info", "secretariat.maire",
    )  # fmt: skip
    return f"{rng.choice(boxes)}@{people.town_host(rng)}.example.org"


def _date(rng: random.Random) -> str:
    return identifiers.dated(rng, rng.choice(("slash", "long", "short", "iso")), 2024, 2026)


def _en_date(rng: random.Random) -> str:
    return identifiers.dated(rng, rng.choice(("en", "slash", "iso")), 2024, 2026)


MADE: dict[str, Callable[[random.Random], str]] = {
    "commune": lambda rng: rng.choice(COMMUNES),
    "town": lambda rng: rng.choice(people.INVENTED),
    "siren": _siren,
    "siret": _siret,
    "url": _site,
    "mailbox": _mailbox,
    "desk_box": _desk_box,
    "date": _date,
    "en_date": _en_date,
    "day": lambda rng: f"{rng.randint(2, 30)} {rng.choice(identifiers.MONTHS)}",
    "hour": lambda rng: f"{rng.randint(6, 22)}h{rng.choice(('', '30', '15', '45'))}",
}


def lookalike(rng: random.Random, kind: str, kept: bool) -> str:
    """Draw something that looks like personal data and is not."""
    if kind == "street":
        return " ".join(people.odonym(rng, kept))
    if kind in SHAPES:
        return identifiers.shaped(rng, rng.choice(SHAPES[kind]))
    if kind in WRITTEN:
        return rng.choice(WRITTEN[kind])
    return MADE[kind](rng)


FEMININE = {
    "rue", "avenue", "place", "allée", "impasse", "route", "venelle", "résidence", "sente", "école",
    "esplanade", "crèche", "maternelle", "médiathèque", "maison", "salle", "piscine", "halle",
    "loi", "tempête", "statue", "fresque", "borne", "armoire", "parcelle", "section",
    "délibération", "villa", "fondation", "clinique", "croix-rouge", "ligne", "navette", "caméra",
    "décision", "caa", "cass.",
}  # fmt: skip
AGREEING = {
    "street",
    "school",
    "venue",
    "law",
    "storm",
    "statue",
    "asset",
    "cadastre",
    "deliberation",
    "institution",
    "equipment",
    "kilometre",
    "decision",
    "bus",
}
ARTICLE = re.compile(
    r"\b(?P<of>de |à |d')?(?:(?P<art>la |le |l')|(?P<both>du |au ))$", re.IGNORECASE
)


def agreed(before: str, value: str) -> str:
    """Return the words before a look-alike with the article that its gender asks for."""
    found = ARTICLE.search(before)
    if found is None:
        return before
    first = people.plain(value).lower()
    if first[0] in "aeiouh" and not first.startswith("halle"):
        article = "l'"
    else:
        article = "la " if value.split()[0].lower() in FEMININE else "le "
    lead = found["of"] or {"du ": "de ", "au ": "à "}.get((found["both"] or "").lower(), "")
    whole = {"de le ": "du ", "à le ": "au "}.get(lead.lower() + article, lead + article)
    if found[0][0].isupper():
        whole = whole[0].upper() + whole[1:]
    return before[: found.start()] + whole
