# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that are not persons: streets, schools, halls, laws, storms, brands.

"rue Victor-Hugo", "lycée Jean-Moulin", "tempête Ciaran", "Victoria Street": a word for the kind of
thing, then (in English before) a name. The words of such a name are not read as a person's.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import ALSO_A_WORD, SURE, first_name, is_commune, is_ordinary
from beffroi_privacy.spans import Span
from beffroi_privacy.words import INITIAL, LOWER, UPPER, Word

NAMED: Final = "named"

_STREETS = frozenset(
    """
    rue rues avenue av ave boulevard bd bld boul impasse imp chemin che allee allees ruelle venelle
    sente sentier faubourg fbg lotissement esplanade promenade traverse montee corniche rond-point
    place pl cours passage quai square sq route rte voie villa cite residence hameau clos cote
    parvis pont galerie giratoire carrefour escalier rocade peripherique quartier lieu-dit tunnel
    passerelle viaduc arret station metro tram gare placette
    """.split()
)
FACILITIES = frozenset(
    """
    ecole ecoles college lycee universite fac faculte institut campus creche maternelle primaire
    elementaire groupe gymnase stade piscine salle espace centre complexe maison mediatheque
    bibliotheque ludotheque theatre cinema musee auditorium conservatoire foyer jardin parc bois
    foret etang lac ile plage port tour porte fort chateau eglise chapelle cathedrale basilique
    abbaye couvent mosquee temple cimetiere aeroport aerodrome parking zac zone zi za hopital
    hopitaux clinique ehpad caserne commissariat tribunal palais hotel cafe bar restaurant brasserie
    boulangerie patisserie boucherie pharmacie garage magasin boutique supermarche librairie
    fleuriste pizzeria creperie amphitheatre residence domaine immeuble batiment pole terrain
    skatepark dojo velodrome hippodrome patinoire kiosque camping ferme moulin fontaine ecoquartier
    chu chr chru resto loft mairie halle halles hall
    """.split()
)
THINGS = frozenset(
    """
    loi lois plan tempete ouragan cyclone typhon statue buste monument memorial stele plaque prix
    trophee coupe fondation association asso societe entreprise ets etablissements sarl sas syndicat
    collectif marque agence reforme amendement dispositif operation fete festival course rebaptise
    rebaptisee baptise baptisee storm hurricane saint sainte st ste notre-dame modele promo
    promotion programme navire bateau ferry sous-marin fresque portrait tableau exposition expo film
    livre roman concert spectacle conference sculpture mosaique chanson logiciel application appli
    algorithme serveur label projet
    """.split()
)
ORGANISATIONS = frozenset(
    """
    monoprix franprix django alfresco maarch
    enedis veolia grdf edf engie suez orange sfr bouygues free saur keolis transdev sncf jcdecaux
    decaux citeo eiffage colas vinci spie ineo bosch microsoft google facebook twitter instagram
    whatsapp linkedin youtube amazon apple numericable etalab emmaus crous caf cpam urssaf carsat
    pole apave socotec veritas dekra onet derichebourg nicollin paprec sita semaer korrigo navigo
    tisseo ratp ilevia divia twisto linux windows android nextcloud wordpress drupal joomla excel
    word outlook teams zoom python java github gitlab wikipedia openstreetmap carrefour leclerc lidl
    auchan intermarche casino decathlon ikea darty fnac boulanger peugeot renault citroen dacia
    volkswagen mercedes toyota velib vinted leboncoin airbnb uber deliveroo doctolib ameli
    parcoursup pronote francais francaise francaises anglais anglaise europeen europeenne breton
    bretonne normand normande alsacien corse parisien parisienne rennais rennaise lyonnais
    marseillais nantais british english french irish american european boston london dublin paris
    metropole agglo agglomeration communaute conseil departement region prefecture etat republique
    assemblee senat commission europe france cnil cada anssi insee ign ademe cerema onf ofb dreal
    data open hub lab api chrome firefox safari edge internet web covid mastodon
    """.split()
)
"""Firms, bodies and peoples that stand with a capital where a name could."""

_PARTICIPLES = frozenset("marqué marqués plaqué plaqués".split())
"""What looks like a word for a thing once its accent is gone: "c'est marqué Exemple"."""

_BEHIND = frozenset(
    """
    street st road rd lane ln avenue ave drive dr square court close way terrace park school college
    university hospital library church stadium centre center bridge station hall gardens garden
    cemetery museum theatre theater arena airport beach river lake act award prize foundation trust
    inc ltd llc plc county borough crescent boulevard blvd house building tower plaza island
    clinic academy primary elementary playground rink field pool council city highway expressway
    parkway pier dam creek ravine
    """.split()
)
_MAKES = frozenset(
    "renault peugeot citroen seat skoda opel ford fiat alfa romeo dacia toyota volkswagen".split()
)
_MODELS = frozenset("leon octavia fabia megane zoe giulia corsa ka berlingo clio tipo".split())
_BRANDS = frozenset(
    tuple(brand.split())
    for brand in (
        *(
            "leroy merlin",
            "john deere",
            "louis vuitton",
            "yves rocher",
            "jean lefebvre",
            "hugo boss",
        ),
        *("marie blachere", "pierre fabre", "franck provost", "stephane plaza", "guy hoquet"),
        *("leon grosse", "pierre et vacances", "jean louis david", "camille albane", "john lewis"),
        *("marc jacobs", "charlie hebdo", "jeanne d arc", "charles de gaulle", "marie curie"),
        *("pere noel", "marie galante", "francois mitterrand", "jean jaures", "jules ferry"),
        *(
            "victor hugo",
            "jean moulin",
            "simone veil",
            "martin luther king",
            "louis xiv",
            "louis xvi",
        ),
        *("napoleon bonaparte", "leonard de vinci", "alexandre dumas", "george sand", "emile zola"),
        *("andre malraux", "albert camus", "anne frank", "jean mace", "leon blum", "louise michel"),
        *("rosa parks", "nelson mandela", "pablo picasso", "claude monet", "louis pasteur"),
        *("santa claus", "max havelaar", "robert schuman", "joe biden", "marshall rosenberg"),
        *(
            "thomas cook",
            "michel et augustin",
            "ben jerry",
            "uncle ben",
            "jack daniel",
            "jimmy choo",
            "calvin klein",
            "levi strauss",
        ),
    )
)
_BRAND_STARTS = frozenset(brand[0] for brand in _BRANDS)
_QUALIFIERS = frozenset(
    """
    primaire maternelle elementaire publique public prive privee municipal municipale communal
    communale scolaire social sociale culturel culturelle polyvalent polyvalente omnisports sportif
    sportive associatif historique universitaire departemental departementale regional intercommunal
    fetes sports loisirs quartier jeunesse jeunes enfance aquatique nautique hospitalier general
    generale technologique professionnel professionnelle bus tram metro commercial commerciale
    pietonne dit dite nommee nomme baptise baptisee petite grande petit grand quartiers enfants
    autonomie senior seniors retraite sante services multi-accueil animation funeraire
    """.split()
)
_LINKS = frozenset("de du des la le les l' d' aux au a en sur sous et".split())
_TITLES = frozenset(
    """
    docteur dr general gal marechal mal capitaine cdt commandant colonel lieutenant amiral abbe
    president professeur pr pape saint sainte st ste pere soeur soeurs cardinal monseigneur mgr
    chanoine dom sergent adjudant caporal roi reine prince princesse duc duchesse comte maitre
    """.split()
)
_CIVILITIES = frozenset("m mr mme mlle monsieur madame mademoiselle mrs ms miss".split())
_ABBREVIATED = frozenset(
    "r av ave bd bld boul imp ch che all pl sq rte r st ste dr gal cdt mgr pr".split()
)
_GAPS = frozenset((' "', ' " ', '"', "", "-", " - ", "  ", "'", ' "', "' ", " '"))
_LONGEST: Final = 7


def find_named(words: Sequence[Word]) -> Iterator[Span]:
    """Yield the places of a text, as spans labelled `NAMED`, whose names are nobody's."""
    for at, word in enumerate(words):
        end = at
        if _is_street(words, at):
            end = _named_end(words, at, street=True)
        elif word.folded in FACILITIES or (
            word.folded in THINGS and word.text.lower() not in _PARTICIPLES
        ):
            end = _named_end(words, at, street=False)
        if word.folded in _BRAND_STARTS:
            end = max(end, _brand_end(words, at))
        if word.folded in _MAKES and at + 1 < len(words) and words[at + 1].folded in _MODELS:
            end = max(end, at + 2)
        if end > at:
            yield Span(word.start, words[end - 1].end, NAMED)
        if word.folded in _BEHIND and word.shape != LOWER:
            start = _named_start(words, at)
            if start < at:
                yield Span(words[start].start, word.end, NAMED)


def _is_street(words: Sequence[Word], at: int) -> bool:
    """Say whether a word is one for a way: "côte de Nantes", but not "à côté de M. Exemple"."""
    word = words[at]
    if word.folded == "cote":
        beside = at > 0 and words[at - 1].folded in _SIDES
        return not (beside or word.text.lower().endswith(("é", "és")))
    return word.folded in _STREETS or (word.text == "r" and _dotted(words, at))


_EVENTS = frozenset("passage place cours arret residence traversee promenade".split())
"""Ways that are also what somebody does or has: "suite au passage de X", "à la place de X"."""
_SIDES = frozenset("a au du de ton mon son notre votre leur quel chaque autre".split())
"""Words before "côté" that are not before "côte", for who leaves the accent out."""


def _dotted(words: Sequence[Word], at: int) -> bool:
    return at + 1 < len(words) and words[at + 1].gap == ". "


def _named_end(words: Sequence[Word], at: int, *, street: bool) -> int:
    """Return the index after the last word of the name that follows a word for a kind of thing."""
    here, linked = at + 1, False
    while here < len(words) and here - at <= 5 and _joined(words, here):
        word = words[here]
        if word.folded in _LINKS:
            linked = True
        elif not (word.folded in _QUALIFIERS and word.shape == LOWER):
            break
        here += 1
    if here >= len(words) or not _joined(words, here):
        return at
    if linked and words[at].folded in _EVENTS and _is_somebodys(words, at, here):
        return at
    if linked and not street and first_name(words[here].folded) == SURE:
        if words[at].folded not in ("statue", "buste", "prix", "fondation", "fete", "loi"):
            return at  # "l'école de Léa" is a child's school
    end = _name_end(words, here, street=street and not linked)
    return end if end > here else at


def _is_somebodys(words: Sequence[Word], at: int, here: int) -> bool:
    """Say whether "passage de", "place de" go on with somebody and not with a town.

    An unknown word is taken for one after "au passage de", "à la place de" alone.
    """
    word = words[here]
    if words[here - 1].folded not in ("de", "d'") or word.shape == LOWER:
        return False
    if word.folded in _CIVILITIES or first_name(word.folded) == SURE:
        return True
    if is_commune(word.folded) or is_ordinary(word.folded):
        return False
    before = tuple(one.folded for one in words[max(0, at - 2) : at])
    if words[at].folded == "passage":
        return before[-1:] in (("au",), ("du",), ("le",))
    return words[at].folded == "place" and before == ("a", "la")


def _name_end(words: Sequence[Word], here: int, *, street: bool = False) -> int:
    """Return the index after a name that starts here, in capitals or as a small first name."""
    end = start = here
    while here < len(words) and here - start < _LONGEST:
        word = words[here]
        if here > start and not _joined(words, here):
            break
        if word.folded in _CIVILITIES and word.shape != INITIAL and not (street and here == start):
            break
        if word.shape != LOWER or word.folded in _TITLES:
            end = here + 1
        elif first_name(word.folded) in (SURE, ALSO_A_WORD):
            end = here + 1
        elif end == here and here > start and not is_ordinary(word.folded):
            end = here + 1
        elif word.folded not in _LINKS and not word.text.endswith("'"):
            break
        here += 1
    return end


def _named_start(words: Sequence[Word], at: int) -> int:
    """Return the index of the first word in capitals of an English name before its kind."""
    start = at
    while start > 0 and at - start < 4 and words[start].gap in (" ", "-", "'", ". "):
        word = words[start - 1]
        if word.folded == "s" and start > 1:  # St John's Church
            start -= 1
            continue
        if word.shape == LOWER or word.folded in _CIVILITIES:
            break
        if word.opens and is_ordinary(word.folded) and at - start > 0:
            break
        start -= 1
    return start


def _brand_end(words: Sequence[Word], at: int) -> int:
    for length in (2, 3):
        folded = tuple(w.folded.rstrip("'") for w in words[at : at + length])
        if folded in _BRANDS:
            return at + length
    parts = tuple(words[at].folded.split("-"))
    return at + 1 if parts in _BRANDS else at


def _joined(words: Sequence[Word], at: int) -> bool:
    """Say whether a word follows the one before it in the same name."""
    gap = words[at].gap
    if gap == " " or gap in _GAPS:
        return True
    if gap in (". ", "."):
        before = words[at - 1]
        return before.shape == INITIAL or before.folded in _ABBREVIATED
    return len(gap) <= 8 and gap.strip(" -").isdigit()


def is_acronym(word: Word) -> bool:
    """Say whether a word in capitals is short enough to be letters rather than a name."""
    return word.shape == UPPER and len(word.text) <= 4
