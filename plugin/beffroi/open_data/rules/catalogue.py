# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's catalogue after DCAT-AP 3: its data sets, the files of each, the APIs that serve them.

Every code comes with its class and its list, so that the official shapes can be checked on this
graph alone, without fetching the authority tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beffroi.open_data.rules import LICENCES
from beffroi_web.rdf import Iri, Triple, Words

_AUTHORITY = "http://publications.europa.eu/resource/authority"
_LANGUAGES: Mapping[str, str] = {
    "fr": "FRA", "en": "ENG", "de": "DEU", "es": "SPA", "it": "ITA", "nl": "NLD", "pt": "POR",
    "br": "BRE", "co": "COS", "eu": "EUS", "ca": "CAT", "oc": "OCI",
}  # fmt: skip
_THEME = Iri(f"{_AUTHORITY}/data-theme/GOVE")
_THEMES = Iri(f"{_AUTHORITY}/data-theme")
_OFTEN = Iri(f"{_AUTHORITY}/frequency/UPDATE_CONT")
_PUBLIC = Iri(f"{_AUTHORITY}/access-right/PUBLIC")
_STABLE = Iri(f"{_AUTHORITY}/planned-availability/STABLE")
_LOCAL = Iri("http://purl.org/adms/publishertype/LocalAuthority")
_PUBLISHER_KINDS = Iri("http://purl.org/adms/publishertype/1.0")
_LICENCE_KINDS = Iri("http://purl.org/adms/licencetype/1.0")
_IANA = "https://www.iana.org/assignments/media-types"
_API_DESCRIPTION = "/api/openapi.json"

DATASETS: Mapping[str, str] = {
    "requests": "/api/v1/requests",
    "incidents": "/api/v1/incidents",
    "statistics": "/api/v1/statistics",
    "incident-statistics": "/api/v1/incident-statistics",
}
"""The name of each data set, and the API that serves it."""
APIS: Mapping[str, str] = {
    "requests": "api",
    "incidents": "incidents-api",
    "statistics": "statistics-api",
    "incident-statistics": "incident-statistics-api",
}
"""What the API of each data set is called; the first was there before there was a second."""

FILES = (("csv", "CSV", "text/csv"), ("json", "JSON", "application/json"))
"""Ending, code of the list `file-type`, and media type of each file of a data set."""
ONLY_CSV = frozenset({"statistics", "incident-statistics"})
"""Data sets that have no file of JSON: their API gives all of it at once."""


def files(name: str) -> tuple[tuple[str, str, str], ...]:
    """Return the files of a data set, each as `FILES` has it."""
    return FILES[:1] if name in ONLY_CSV else FILES


@dataclass(frozen=True, slots=True)
class Facts:
    """What a town's catalogue follows from; `words` are texts by their name, then by language.

    `modified` is the day of the last change of each data set.
    """

    name: str
    siren: str
    communes: Sequence[str]
    site: str
    contact: str
    languages: Sequence[str]
    licence: str
    modified: Mapping[str, date | None]
    words: Mapping[str, Mapping[str, str]]


def catalogue(facts: Facts) -> list[Triple]:
    """Return the town's catalogue as a graph, the statements on one thing together."""
    made = _Maker(facts)
    return [
        *made.catalogue(),
        *(
            triple
            for name in DATASETS
            for part in (
                made.dataset(name),
                *(made.distribution(name, *file) for file in files(name)),
                made.service(name),
            )
            for triple in part
        ),
        *made.publisher(),
        *made.contact(),
        *made.codes(),
    ]


class _Maker:
    """Makes the statements on each thing; all things of the town live on its page `/data/`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.page = Iri(f"{facts.site}/data/")
        self.licence = Iri(LICENCES[facts.licence].url)
        self.languages = [
            Iri(f"{_AUTHORITY}/language/{_LANGUAGES[code]}")
            for code in facts.languages
            if code in _LANGUAGES
        ]
        self.communes = [Iri(f"http://id.insee.fr/geo/commune/{code}") for code in facts.communes]

    def thing(self, name: str) -> Iri:
        return Iri(f"{self.page}#{name}")

    def words(self, name: str) -> list[Words]:
        return [Words(text, lang=lang) for lang, text in self.facts.words[name].items()]

    def modified(self, *names: str) -> list[Words]:
        days = [day for name in names if (day := self.facts.modified.get(name)) is not None]
        return [Words(max(days).isoformat(), type="xsd:date")] if days else []

    def about(
        self, subject: Iri, kind: str, **said: Iri | Words | Sequence[Iri | Words]
    ) -> Iterator[Triple]:
        """Give the statements on a thing; `dct_title` is the predicate `dct:title`."""
        yield subject, "rdf:type", Iri(kind)
        for name, values in said.items():
            for value in [values] if isinstance(values, Iri | Words) else values:
                yield subject, name.replace("_", ":", 1), value

    def catalogue(self) -> Iterator[Triple]:
        return self.about(
            self.thing("catalog"),
            "dcat:Catalog",
            dct_title=self.words("catalogue"),
            dct_description=self.words("catalogue_purpose"),
            dct_publisher=self.thing("publisher"),
            dcat_dataset=[self.thing(name) for name in DATASETS],
            dcat_service=[self.thing(APIS[name]) for name in DATASETS],
            dcat_themeTaxonomy=_THEMES,
            dcat_contactPoint=self.thing("contact"),
            dct_license=self.licence,
            dct_language=self.languages,
            dct_spatial=self.communes,
            dct_modified=self.modified(*DATASETS),
            foaf_homepage=self.page,
        )

    def dataset(self, name: str) -> Iterator[Triple]:
        return self.about(
            self.thing(name),
            "dcat:Dataset",
            dct_identifier=Words(self.thing(name)),
            dct_title=self.words(name),
            dct_description=self.words(f"{name}_purpose"),
            dct_publisher=self.thing("publisher"),
            dcat_contactPoint=self.thing("contact"),
            dcat_theme=_THEME,
            dcat_keyword=self.words(f"{name}_keyword"),
            dct_accrualPeriodicity=_OFTEN,
            dct_accessRights=_PUBLIC,
            dct_language=self.languages,
            dct_spatial=self.communes,
            dct_modified=self.modified(name),
            dcat_landingPage=self.page,
            dcat_distribution=[self.thing(f"{name}-{ending}") for ending, _, _ in files(name)],
        )

    def distribution(self, name: str, ending: str, code: str, media_type: str) -> Iterator[Triple]:
        address = Iri(f"{self.facts.site}/data/{name}.{ending}")
        return self.about(
            self.thing(f"{name}-{ending}"),
            "dcat:Distribution",
            dct_title=self.words(f"{name}_{ending}"),
            dct_description=self.words(f"{name}_columns"),
            dcat_accessURL=address,
            dcat_downloadURL=address,
            dct_format=Iri(f"{_AUTHORITY}/file-type/{code}"),
            dcat_mediaType=Iri(f"{_IANA}/{media_type}"),
            dcatap_availability=_STABLE,
            dct_license=self.licence,
            dct_modified=self.modified(name),
        )

    def service(self, name: str) -> Iterator[Triple]:
        return self.about(
            self.thing(APIS[name]),
            "dcat:DataService",
            dct_title=self.words(f"{name}_api"),
            dct_description=self.words(f"{name}_api_purpose"),
            dct_publisher=self.thing("publisher"),
            dcat_contactPoint=self.thing("contact"),
            dcat_endpointURL=Iri(f"{self.facts.site}{DATASETS[name]}"),
            dcat_endpointDescription=Iri(f"{self.facts.site}{_API_DESCRIPTION}"),
            dcat_servesDataset=self.thing(name),
            dcat_theme=_THEME,
            dcat_keyword=self.words(f"{name}_keyword"),
            dct_accessRights=_PUBLIC,
            dct_license=self.licence,
        )

    def publisher(self) -> Iterator[Triple]:
        siren = self.thing("siren")
        yield from self.about(
            self.thing("publisher"),
            "foaf:Agent",
            foaf_name=Words(self.facts.name),
            dct_type=_LOCAL,
            dct_identifier=Words(self.facts.siren),
            adms_identifier=siren,
            foaf_homepage=Iri(f"{self.facts.site}/"),
        )
        yield from self.about(
            siren,
            "adms:Identifier",
            skos_notation=Words(self.facts.siren, type="xsd:token"),
            adms_schemaAgency=Words("Insee (SIREN)"),
        )

    def contact(self) -> Iterator[Triple]:
        given = self.facts.contact
        mail = [Iri(f"mailto:{given}")] if "@" in given and "/" not in given else []
        url = given if given.startswith(("https://", "http://")) else f"{self.facts.site}/"
        yield self.thing("contact"), "rdf:type", Iri("vcard:Kind")
        yield from self.about(
            self.thing("contact"),
            "vcard:Organization",
            vcard_fn=Words(self.facts.name),
            vcard_hasEmail=mail,
            vcard_hasURL=Iri(url),
        )

    def codes(self) -> Iterator[Triple]:
        """Give what each code is, and of which list."""
        licence = LICENCES[self.facts.licence]
        kind = Iri(f"http://purl.org/adms/licencetype/{licence.kind}")
        concepts: tuple[tuple[Iri, Sequence[Words], Iri], ...] = (
            (_THEME, self.words("theme"), _THEMES),
            (_LOCAL, self.words("local"), _PUBLISHER_KINDS),
            (kind, [Words(licence.kind, lang="en")], _LICENCE_KINDS),
            (_STABLE, [Words("Stable", lang="en")], Iri(f"{_AUTHORITY}/planned-availability")),
        )
        for code, label, scheme in concepts:
            yield from self.about(code, "skos:Concept", skos_prefLabel=label, skos_inScheme=scheme)
        for scheme, words in (
            (_THEMES, self.words("themes")),
            (_PUBLISHER_KINDS, self.words("kinds")),
        ):
            yield from self.about(scheme, "skos:ConceptScheme", dct_title=words)
        yield from self.about(self.licence, "dct:LicenseDocument", dct_type=kind)
        yield from self._of_list("frequency", "dct:Frequency", [_OFTEN])
        yield from self._of_list("access-right", "dct:RightsStatement", [_PUBLIC])
        yield from self._of_list("language", "dct:LinguisticSystem", self.languages)
        formats = [Iri(f"{_AUTHORITY}/file-type/{code}") for _, code, _ in FILES]
        yield from self._of_list("file-type", "dct:MediaTypeOrExtent", formats)
        site = self.facts.site
        for kind_of_thing, things in (
            ("dct:MediaType", [Iri(f"{_IANA}/{media_type}") for _, _, media_type in FILES]),
            ("dct:Location", self.communes),
            ("foaf:Document", [self.page, Iri(f"{site}/")]),
            (
                "rdfs:Resource",
                [Iri(f"{site}{path}") for path in (*DATASETS.values(), _API_DESCRIPTION)],
            ),
        ):
            for one in things:
                yield from self.about(one, kind_of_thing)

    def _of_list(self, name: str, kind: str, codes: Sequence[Iri]) -> Iterator[Triple]:
        for code in codes:
            yield from self.about(code, kind, skos_inScheme=Iri(f"{_AUTHORITY}/{name}"))
