# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's catalogue after DCAT-AP 3: its data sets, the files of each, the API beside them.

Every code comes with its class and its list, so that the official shapes can be checked on this
graph alone. A file is named with its bytes and its sum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beffroi_federation.aggregator.exports.rules import DATA
from beffroi_web.rdf import Iri, Triple, Words

_AUTHORITY = "http://publications.europa.eu/resource/authority"
_LANGUAGES = {"fr": "FRA", "en": "ENG"}
_THEMES = Iri(f"{_AUTHORITY}/data-theme")
_THEME = Iri(f"{_THEMES}/GOVE")
_DAILY = Iri(f"{_AUTHORITY}/frequency/DAILY")
_PUBLIC = Iri(f"{_AUTHORITY}/access-right/PUBLIC")
_STABLE = Iri(f"{_AUTHORITY}/planned-availability/STABLE")
_FRANCE = Iri(f"{_AUTHORITY}/country/FRA")
_NATIONAL = Iri("http://purl.org/adms/publishertype/NationalAuthority")
_PUBLISHER_KINDS = Iri("http://purl.org/adms/publishertype/1.0")
_ATTRIBUTION = Iri("http://purl.org/adms/licencetype/Attribution")
_LICENCE_KINDS = Iri("http://purl.org/adms/licencetype/1.0")
_SHA256 = Iri("https://spdx.org/rdf/terms#checksumAlgorithm_sha256")
"""SPDX itself writes http; the vocabulary shapes of DCAT-AP 3.0.1 ask for https."""
_MEDIA = {
    "csv": (Iri(f"{_AUTHORITY}/file-type/CSV"), "text/csv"),
    "parquet": (Iri(f"{_AUTHORITY}/file-type/PARQUET"), "application/vnd.apache.parquet"),
}
_IANA = "https://www.iana.org/assignments/media-types"
APIS: Mapping[str, str] = {
    "requests": "/api/v1/records?kind=request",
    "incidents": "/api/v1/records?kind=incident_summary",
    "cyber": "/api/v1/records?kind=cyber_incident",
    "campaigns": "/api/v1/records?kind=campaign",
    "towns": "/api/v1/towns",
    "topics": "/api/v1/topics",
}
"""Where the API gives the same rows."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a data set: its name, its bytes, its sum, the day on which it was made."""

    name: str
    bytes: int
    sha256: str
    made_on: date


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalogue follows from; `words` are texts by their name, then by language."""

    name: str
    site: str
    contact: str
    languages: Sequence[str]
    licence: str
    files: Mapping[str, Sequence[File]]
    words: Mapping[str, Mapping[str, str]]


def catalogue(facts: Facts) -> list[Triple]:
    """Return the catalogue as a graph, the statements on one thing together."""
    made = _Maker(facts)
    parts = [made.catalogue()]
    for name in DATA:
        parts += [made.dataset(name), made.service(name)]
        parts += [made.distribution(name, one) for one in facts.files.get(name, ())]
    return [triple for part in (*parts, made.people(), made.codes()) for triple in part]


class _Maker:
    """Makes the statements on each thing; all things live on the page `/data/`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.page = Iri(f"{facts.site}/data/")
        self.licence = Iri(facts.licence)
        self.languages = [
            Iri(f"{_AUTHORITY}/language/{_LANGUAGES[one]}")
            for one in facts.languages
            if one in _LANGUAGES
        ]

    def thing(self, name: str) -> Iri:
        return Iri(f"{self.page}#{name}")

    def words(self, name: str) -> list[Words]:
        return [Words(text, lang=lang) for lang, text in self.facts.words[name].items()]

    def about(
        self, subject: Iri, kind: str, **said: Iri | Words | Sequence[Iri | Words]
    ) -> Iterator[Triple]:
        """Give the statements on a thing; `dct_title` is the predicate `dct:title`."""
        yield subject, "rdf:type", Iri(kind)
        for name, values in said.items():
            for value in [values] if isinstance(values, Iri | Words) else values:
                yield subject, name.replace("_", ":", 1), value

    def modified(self, *names: str) -> list[Words]:
        days = [one.made_on for name in names for one in self.facts.files.get(name, ())]
        return [Words(max(days).isoformat(), type="xsd:date")] if days else []

    def catalogue(self) -> Iterator[Triple]:
        return self.about(
            self.thing("catalog"), "dcat:Catalog",
            dct_title=self.words("catalogue"),
            dct_description=self.words("catalogue_purpose"),
            dct_publisher=self.thing("publisher"),
            dcat_dataset=[self.thing(name) for name in DATA],
            dcat_service=[self.thing(f"{name}-api") for name in DATA],
            dcat_themeTaxonomy=_THEMES,
            dcat_contactPoint=self.thing("contact"),
            dct_license=self.licence,
            dct_language=self.languages,
            dct_spatial=_FRANCE,
            dct_modified=self.modified(*DATA),
            foaf_homepage=self.page,
        )  # fmt: skip

    def dataset(self, name: str) -> Iterator[Triple]:
        return self.about(
            self.thing(name), "dcat:Dataset",
            dct_identifier=Words(self.thing(name)),
            dct_title=self.words(name),
            dct_description=self.words(f"{name}_row"),
            dct_publisher=self.thing("publisher"),
            dcat_contactPoint=self.thing("contact"),
            dcat_theme=_THEME,
            dcat_keyword=self.words("keyword"),
            dct_accrualPeriodicity=_DAILY,
            dct_accessRights=_PUBLIC,
            dct_language=self.languages,
            dct_spatial=_FRANCE,
            dct_modified=self.modified(name),
            dcat_landingPage=self.page,
            dcat_distribution=[self.thing(one.name) for one in self.facts.files.get(name, ())],
        )  # fmt: skip

    def distribution(self, name: str, one: File) -> Iterator[Triple]:
        """Give a file, and its sum as a thing of its own."""
        address = Iri(f"{self.facts.site}/data/{one.name}")
        code, media_type = _MEDIA[one.name.rpartition(".")[2]]
        checksum = self.thing(f"{one.name}-sum")
        titles = [
            Words(f"{words.text} ({one.name})", lang=words.lang) for words in self.words(name)
        ]
        yield from self.about(
            self.thing(one.name), "dcat:Distribution",
            dct_title=titles,
            dct_description=self.words(f"{name}_row"),
            dcat_accessURL=address,
            dcat_downloadURL=address,
            dcat_byteSize=Words(str(one.bytes), type="xsd:nonNegativeInteger"),
            dct_format=code,
            dcat_mediaType=Iri(f"{_IANA}/{media_type}"),
            dcatap_availability=_STABLE,
            dct_license=self.licence,
            dct_modified=Words(one.made_on.isoformat(), type="xsd:date"),
            spdx_checksum=checksum,
        )  # fmt: skip
        yield from self.about(
            checksum, "spdx:Checksum",
            spdx_algorithm=_SHA256,
            spdx_checksumValue=Words(one.sha256, type="xsd:hexBinary"),
        )  # fmt: skip

    def service(self, name: str) -> Iterator[Triple]:
        titles = [Words(f"{one.text} (API)", lang=one.lang) for one in self.words(name)]
        return self.about(
            self.thing(f"{name}-api"), "dcat:DataService",
            dct_title=titles,
            dct_description=self.words(f"{name}_row"),
            dct_publisher=self.thing("publisher"),
            dcat_contactPoint=self.thing("contact"),
            dcat_endpointURL=Iri(f"{self.facts.site}{APIS[name]}"),
            dcat_endpointDescription=Iri(f"{self.facts.site}/api/openapi.json"),
            dcat_servesDataset=self.thing(name),
            dcat_theme=_THEME,
            dcat_keyword=self.words("keyword"),
            dct_accessRights=_PUBLIC,
            dct_license=self.licence,
        )  # fmt: skip

    def people(self) -> Iterator[Triple]:
        """Give who publishes, and how they are reached."""
        given, site = self.facts.contact, Iri(f"{self.facts.site}/")
        mail = [Iri(f"mailto:{given}")] if "@" in given and "/" not in given else []
        yield from self.about(
            self.thing("publisher"), "foaf:Agent",
            foaf_name=Words(self.facts.name), dct_type=_NATIONAL, foaf_homepage=site,
        )  # fmt: skip
        yield self.thing("contact"), "rdf:type", Iri("vcard:Kind")
        yield from self.about(
            self.thing("contact"), "vcard:Organization",
            vcard_fn=Words(self.facts.name), vcard_hasEmail=mail,
            vcard_hasURL=Iri(given) if given.startswith(("https://", "http://")) else site,
        )  # fmt: skip

    def codes(self) -> Iterator[Triple]:
        """Give what each code is, and of which list."""
        concepts = (
            (_THEME, self.words("theme"), _THEMES),
            (_NATIONAL, self.words("national"), _PUBLISHER_KINDS),
            (_ATTRIBUTION, [Words("Attribution", lang="en")], _LICENCE_KINDS),
            (_STABLE, [Words("Stable", lang="en")], Iri(f"{_AUTHORITY}/planned-availability")),
        )
        for code, label, scheme in concepts:
            yield from self.about(code, "skos:Concept", skos_prefLabel=label, skos_inScheme=scheme)
        for scheme, words in ((_THEMES, "themes"), (_PUBLISHER_KINDS, "kinds")):
            yield from self.about(scheme, "skos:ConceptScheme", dct_title=self.words(words))
        yield from self.about(self.licence, "dct:LicenseDocument", dct_type=_ATTRIBUTION)
        for name, kind, codes in (
            ("frequency", "dct:Frequency", [_DAILY]),
            ("access-right", "dct:RightsStatement", [_PUBLIC]),
            ("language", "dct:LinguisticSystem", self.languages),
            ("file-type", "dct:MediaTypeOrExtent", [code for code, _ in _MEDIA.values()]),
            ("country", "dct:Location", [_FRANCE]),
        ):
            for code in codes:
                yield from self.about(code, kind, skos_inScheme=Iri(f"{_AUTHORITY}/{name}"))
        site = self.facts.site
        for kind, things in (
            ("spdx:ChecksumAlgorithm", [_SHA256]),
            ("dct:MediaType", [f"{_IANA}/{media_type}" for _, media_type in _MEDIA.values()]),
            ("foaf:Document", [self.page, f"{site}/"]),
            ("rdfs:Resource", [f"{site}{path}" for path in (*APIS.values(), "/api/openapi.json")]),
        ):
            for one in things:
                yield from self.about(Iri(one), kind)
