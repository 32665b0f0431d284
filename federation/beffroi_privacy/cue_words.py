# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that announce a person's name, folded, by the reader of `person_cues` they call."""

SHORT = frozenset("vve m mr mrs ms mme mmes mlle mlles mm me dr pr miss mister madam cllr".split())
FULL = frozenset(
    """
    monsieur madame mademoiselle messieurs mesdames docteur docteure doctor maitre professeur
    professor professeure sir capitaine lieutenant brigadier adjudant commandant colonel sergent
    major officer sergeant constable councillor nurse abbe pasteur imam rabbin
    """.split()
)
ONLY_CAPITAL = frozenset(
    """
    me mm dr pr miss sir capitaine lieutenant brigadier adjudant commandant colonel sergent major
    officer sergeant constable councillor nurse abbe pasteur imam rabbin doctor madam
    """.split()
)
SEVERAL = frozenset("mm mmes mlles messieurs mesdames".split())
KIN = frozenset(
    """
    voisin voisine voisins voisines fils fille filles mari femme epouse epoux compagnon compagne
    conjoint conjointe frere soeur oncle tante cousin cousine neveu niece ami amie amis pere mere
    papa maman grand-mere grand-pere mamie papi papy bebe enfant enfants garcon jumeaux beau-pere
    belle-mere beau-frere belle-soeur gendre bru collegue collegues copain copine ex pote locataire
    colocataire neighbour neighbor neighbours neighbors son daughter husband wife partner brother
    sister friend nephew niece uncle aunt cousin kid boy girl baby mother father mum mom dad
    grandson granddaughter grandmother grandfather colleague flatmate tenant landlord landlady
    """.split()
)
ROLES = KIN | frozenset(
    """
    agent agente gardien gardienne concierge instituteur institutrice maitresse directeur directrice
    animateur animatrice secretaire conseiller conseillere facteur factrice policier policiere
    gendarme medecin infirmier infirmiere kine proprietaire stagiaire eleve patron patronne
    responsable employe employee chauffeur mediateur mediatrice technicien technicienne eboueur
    jardinier jardiniere maire adjoint adjointe prefet prefete president presidente ministre elu
    elue depute deputee senateur senatrice avocat avocate notaire syndic professeur prof professor
    assistante assistant educateur educatrice coach entraineur chef cheffe dame monsieur nommee
    riverain riveraine habitant habitante patient patiente temoin victime conducteur conductrice
    retraite retraitee etudiant etudiante titulaire petit petite vieux vieille gamin gamine gars
    gerant gerante referent referente plaignant plaignante
    nounou atsem aesh baby-sitter coiffeur coiffeuse teacher driver officer manager caretaker nurse
    clerk mayor councillor inspector resident owner engineer supervisor secretary headteacher coach
    lady gentleman pupil student
    """.split()
)
POSSESSIVES = frozenset("mon ma mes notre nos son sa ses my our his her their leur leurs".split())
GREETINGS = frozenset(
    """
    bonjour bonsoir salut coucou cher chere chers merci hello hi hey dear thanks thank bravo
    felicitations allo
    """.split()
)
FIELDS = frozenset(
    """
    nom prenom prenoms noms name surname names firstname lastname contact demandeur demandeuse
    auteur signataire interlocuteur expediteur destinataire declarant declarante plaignant
    plaignante temoin witness requester applicant patient patiente eleve enfant titulaire
    beneficiaire proprietaire locataire representant conducteur driver tenant owner mere pere tuteur
    sender attn victime victim signe signee signed redacteur responsable child mother father by par
    complainant reporter mandataire assure assuree usager famille naissance
        usage fille complet marital foyer beneficiaires user author signature
    """.split()
)
HEADERS = frozenset(
    """
    de a from to cc cci bcc expediteur destinataire destinataires envoye participants presents
    excuses absents attendees apologies present membres participantes
    """.split()
)
COLONS = frozenset((": ", " : ", ":", " :", ':"', ': "', ' : "', ":  ", " :  ", ": - "))
OF_A_NAME = frozenset("usage naissance famille fille complet marital".split())
LINES_OF_ONE = frozenset("nom prenom prenoms name surname firstname lastname".split())
NAMING = frozenset(
    "appelle appelles appeler nomme nommer prenomme prenommer soussigne soussignee".split()
)
PRESENTING = frozenset("comme as".split())
NAMED = frozenset(
    """
    nomme nommee denomme denommee prenomme prenommee surnomme appele appelee named called signe
    signee signed certain certaine
    """.split()
)
HOUSES = frozenset("famille familles consorts epoux veuve family menage couple fratrie".split())
OF = frozenset("de du des d' la le les".split())
OF_NOBLE = frozenset(
    "ms mrs miss m mr mme mlle monsieur madame mademoiselle docteur dr me maitre".split()
)
RANKS = frozenset(
    """
    sir capitaine lieutenant brigadier adjudant commandant colonel sergent major officer sergeant
    constable councillor nurse abbe pasteur imam rabbin miss me pr
    """.split()
)
DOCTORS = frozenset(
    "dr docteur docteure doctor maitre professeur professeure professor pr me".split()
)
OF_WHOM = frozenset("vve veuve veuf nee epse epouse docteur dr le la".split())
GUILD = frozenset("nageur chien oeuvre ouvrage composteur restaurateur queux esthetique".split())
BETWEEN = frozenset("donc en fait realite bien toujours mr mme monsieur madame".split())
