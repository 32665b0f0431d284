# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of countries and of parts of them, folded, which stand with a capital and are nobody's.

Left out is what people are also called: France, Lorraine, Savoie, Landes.
"""

from typing import Final

LANDS: Final = frozenset(
    """
    afrique albanie algerie allemagne amerique andorre angola argentine armenie asie australie
    autriche belgique benin bolivie bresil bulgarie burkina burundi cameroun canada catalogne chili
    colombie comores croatie danemark ecosse egypte equateur espagne estonie ethiopie finlande gabon
    georgie ghana grece guinee haiti hongrie irlande islande israel italie japon jordanie kosovo
    laos lettonie liban libye lituanie luxembourg macedoine malaisie malte maroc mauritanie mexique
    moldavie monaco mongolie montenegro mozambique nepal niger nigeria norvege oceanie ouganda
    pakistan palestine paraguay perou philippines pologne portugal qatar quebec roumanie russie
    rwanda senegal serbie singapour slovaquie slovenie somalie soudan suede suisse syrie taiwan
    tanzanie tchad tchequie thailande togo tunisie turquie ukraine uruguay vatican venezuela vietnam
    yemen zambie zimbabwe
    england scotland wales ireland britain germany spain italy greece poland portugal sweden norway
    finland denmark netherlands belgium switzerland austria hungary romania turkey morocco algeria
    tunisia egypt africa asia oceania japan brazil mexico
    bretagne normandie aquitaine occitanie auvergne alsace bourgogne picardie guadeloupe martinique
    guyane mayotte polynesie reunion calvados dordogne finistere gironde morbihan vaucluse vendee
    sarthe mayenne correze creuse ardeche ardennes isere drome herault lozere aveyron cantal vosges
    moselle meuse essonne yvelines manche pyrenees alpes ille-et-vilaine loire-atlantique
    maine-et-loire seine-et-marne seine-saint-denis val-de-marne val-d'oise
    """.split()
)
