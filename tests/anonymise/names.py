# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names to fill the set with: ordinary and invented ones, by origin, no real person meant.

`BUILD` is used in both parts of the set; `KEPT` only in the kept part, so that an engine that was
made with the build part in view meets names there that it has never seen. `RARE` is for the wide
templates of the build part: names that hardly any list has.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """First names of women and of men and surnames of one origin; `weight` says how frequent."""

    weight: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]


def _names(weight: int, women: str, men: str, surnames: str) -> Names:
    def cut(listed: str) -> tuple[str, ...]:
        return tuple(" ".join(part.split()) for part in listed.split(","))

    return Names(weight, cut(women), cut(men), cut(surnames))


BUILD = (
    _names(  # ordinary French
        9,
        """Marie, Nathalie, Isabelle, Sylvie, Catherine, Martine, Christine, Valérie, Sandrine,
        Véronique, Céline, Émilie, Chloé, Léa, Manon, Camille, Sarah, Élodie, Aurélie, Hélène,
        Monique, Jacqueline, Odile, Bernadette, Solange, Marie-Laure, Anne-Sophie, Marie-Thérèse,
        Anne, Lucie, Charlotte, Mathilde, Océane, Inès, Jeanne, Éléonore, Ghislaine, Ginette""",
        """Jean, Michel, Philippe, Alain, Patrick, Nicolas, Christophe, Frédéric, Laurent,
        Stéphane, David, Julien, Thomas, Alexandre, Antoine, Maxime, Lucas, Théo, Hugo, Mathieu,
        Jean-Pierre, Jean-Luc, Jean-Marc, Pierre-Yves, Gérard, René, Marcel, Raymond, Lucien, Henri,
        François, Benoît, Jérôme, Rémi, Gaëtan, Cédric, Loïc, Fabien""",
        """Martin, Bernard, Dubois, Durand, Moreau, Lefebvre, Girard, Mercier, Blanchard,
        Gauthier, Perrin, Rousseau, Chevallier, Lemoine, Barbier, Renault, Guillot, Hamelin,
        Vasseur, Delaunay, Pruvost, Joubert, Tessier, Bouvier, Charpentier, Delorme, Faure,
        Grandjean, Huet, Jacquemin, Lacombe, Mallet, Navarro, Ollivier, Poirier, Quentin, Rigaud,
        Savary, Thibault, Vautrin, Bourdelet, Craspouille, Dardenfer, Fouquevert, Malvoisin""",
    ),
    _names(  # particles and compounds
        2,
        "Marie-Charlotte, Diane, Bérengère, Apolline, Anne-Claire, Marie-Christine",
        "Geoffroy, Jean-Baptiste, Charles-Henri, Amaury, Louis-Marie, Jean-François",
        """de La Motte, de Kermadec-Roy, du Plessis-Aubry, d'Aubermont, Le Tellier, de Brissonnet,
        La Rivoire, des Essards, de Saint-Aubrin, Dupont-Verger, Martin-Lacaze, L'Hermitte""",
    ),
    _names(  # Breton
        3,
        "Nolwenn, Rozenn, Annaïg, Soizic, Maëlle, Gwenaëlle, Enora, Bleuenn, Katell, Azilis",
        "Yann, Erwan, Gwenaël, Ronan, Tangi, Malo, Corentin, Goulven, Fañch, Per-Yann",
        """Le Goff, Kerbrat, Le Floc'h, Quéméneur, Guivarc'h, Tanguy, Le Bihan, Kervella,
        Pennec, Cadiou, Le Dantec, Riou, Jaouen, Gourvennec, Le Berre, Moysan, Troadec, Abgrall""",
    ),
    _names(  # Basque, Gascon, Catalan and Corsican
        2,
        "Maïté, Amaia, Nahia, Itziar, Graziella, Letizia, Vannina, Montserrat",
        "Xabi, Peio, Beñat, Iker, Ghjuvan, Ange-Toussaint, Pascal-Paul, Jordi",
        """Etcheverry, Iriart, Harispuru, Goyheneche, Elissalde, Duhalde, Casanova-Poli,
        Santoni, Leccia, Paoletti, Puigdemasa, Bordenave, Laborde, Capdeville""",
    ),
    _names(  # Alsatian and Lorrain
        2,
        "Liesel, Marlise, Huguette, Ottilie, Marie-Odile, Suzel",
        "Freddy, Gaston, Jean-Georges, Ernest, Matthieu, Seppi",
        """Schneider, Muller, Klein, Schmitt, Wurtz, Heitzmann, Oberlé, Kientzler, Schwartzmann,
        Zimmermann, Haffenreffer, Weinstoeffel, Fritsch""",
    ),
    _names(  # Maghrebi
        4,
        """Fatima, Yasmina, Khadija, Samira, Nadia, Leïla, Aïcha, Soraya, Fatima-Zohra, Ikram,
        Assia, Warda""",
        """Mohamed, Karim, Rachid, Abdelkader, Yassine, Sofiane, Mehdi, Bilal, Noureddine, Hocine,
        Abd el-Malik, Ilyès""",
        """Benali, Bouzid, Haddad, Belkacem, Ait Ouahmane, El Khattabi, Ben Slimane, Mansouri,
        Zerrouki, Boukhalfa, Cherif-Amara, El Idrissi, Hamdaoui, Ouardi, Tahraoui, Bensaïd""",
    ),
    _names(  # West and Central African, Comorian
        3,
        "Aminata, Fatoumata, Mariam, Awa, Oumou, Ndèye, Grâce, Bintou, Moinaecha",
        "Mamadou, Ousmane, Ibrahima, Cheikh, Boubacar, Kofi, Souleymane, Issouf, Abdou",
        """Diallo, Traoré, Ndiaye, Koné, Coulibaly, Camara, Sow, Ba, N'Diaye-Fall, Ouédraogo,
        Mbemba, Nguessan, Sissoko, Keïta, M'Changama, Attoumani""",
    ),
    _names(  # Portuguese, Spanish and Italian
        2,
        "Fernanda, Maria da Luz, Conceição, Inês, Pilar, Chiara, Rosalba",
        "Joaquim, António, Nelson, Rui, José, Giuseppe, Tiago",
        """da Silva, Ferreira, dos Santos, Gonçalves, Pereira Lopes, Rodrigues, de Oliveira,
        Garcia, Lopez y Vega, Esposito, Di Marzio, Carvalho, Fernandez""",
    ),
    _names(  # Polish and other Eastern European, Armenian
        2,
        "Agnieszka, Wanda, Halina, Kasia, Anouchka, Svetlana, Arpiné",
        "Stanislas, Zbigniew, Casimir, Jerzy, Vartan, Dragan, Miroslav",
        """Kowalczyk, Nowak, Wisniewski, Szczepaniak, Jankowiak, Petrović, Popescu,
        Hakobyan, Wojciechowska, Dąbrowski, Kaczmarek""",
    ),
    _names(  # Vietnamese, Chinese and other Asian
        2,
        "Thi Mai, Linh, Thu Huong, Xiaoling, Kim-Anh, Priya, Shanti",
        "Minh, Van Duc, Quang, Wei, Anh Tuan, Arun, Thanh",
        "Nguyen, Tran, Pham Van, Le Thi, Huynh, Zhang, Chanthavong, Sivakumar, Bui, Rajaratnam",
    ),
    _names(  # Turkish and Kurdish
        1,
        "Ayşe, Elif, Zeynep, Gülsüm, Derya",
        "Mehmet, Emre, Yılmaz, Hüseyin, Serkan",
        "Yıldız, Öztürk, Kaya, Demir, Şahin, Karakuş, Çelik",
    ),
    _names(  # Antillean, Guianese and Réunion
        1,
        "Marie-Josèphe, Ketty, Guylène, Marie-Annick",
        "Jocelyn, Dieudonné, Jimmy, Expédit",
        "Payet, Hoarau, Cidalise, Beauvarlet, Grondin, Rémir, Sainte-Luce, Télémaque",
    ),
    _names(  # names that are also words, months, flowers or communes
        4,
        """Rose, Claire, Marine, Aurore, France, Violette, Prune, Olive, Avril, Océane, Fleur,
        Capucine, Victoire, Constance, Blanche, Reine, Zoé, Clémence""",
        """Pierre, Noël, Pascal, Aimé, Désiré, Blaise, Franck, Olivier, Parfait, Aubin, Prosper,
        Clément, Marin, Honoré, Juste""",
        """Petit, Boulanger, Poisson, Fontaine, Lacroix, Marchand, Meunier, Berger, Chevalier,
        Sauvage, Roy, Maire, Rivière, Lebrun, Bonnet, Laporte, Jardin, Legrand, Dumas, Blanc,
        Paris, Laval, Vernon, Lens, Verdun, Clermont, Cholet, Auray, Vitré, Mai, Avril, Froid,
        Facteur, Lechat, Beaujour, Mouton, Carré, Duchemin, Bouteille, Papillon""",
    ),
)


KEPT = (
    _names(  # ordinary French
        7,
        """Françoise, Brigitte, Annick, Corinne, Delphine, Laetitia, Karine, Mélanie, Justine,
        Pauline, Josiane, Yvette, Colette, Marie-Paule, Anne-Laure, Agathe, Louane, Noémie,
        Géraldine, Édith""",
        """Bruno, Didier, Éric, Olivier, Sébastien, Guillaume, Romain, Vincent, Jean-Claude,
        Jean-Michel, Roland, Fernand, Kévin, Dylan, Anthony, Quentin, Valentin, Ludovic, Régis,
        Jean-Noël""",
        """Robert, Richard, Simonet, Fournier, Garnier, Lambert, Bonnard, Leclercq, Aubry,
        Maillard, Descamps, Besnard, Cordier, Pasquier, Lhomme, Hardouin, Carlier, Millet,
        Bertin, Rousselot, Tournebise, Grattepanche, Vaudreville, Pissarlot, Ampouillac""",
    ),
    _names(  # particles and compounds
        2,
        "Sixtine, Marie-Astrid, Victoire-Anne, Hermine",
        "Foulques, Pierre-Alexandre, Jean-Eudes, Hubert",
        """de Bonneval-Tisserand, du Fayet, d'Hauterive, Le Gallais, de Prémorel, Vidal-Roche,
        Saint-Amarin, de l'Estang""",
    ),
    _names(  # Breton
        3,
        "Gaëlle, Morgane, Tifenn, Mari-Jo, Sterenn",
        "Alan, Brieuc, Maël, Hervé, Gildas, Mikaël",
        """Le Gall, Kermarrec, Le Guen, Cariou, Bozec, Nédélec, Le Hénaff, Quiniou, Prigent,
        L'Helgoualc'h""",
    ),
    _names(  # Basque, Corsican, Occitan
        1,
        "Maialen, Miren, Serena, Magali",
        "Eñaut, Mattin, Ors-Anton, Guilhem",
        "Ithurralde, Etchegaray, Mendiboure, Albertini-Mosca, Susini, Cazaubon, Larroque",
    ),
    _names(  # Alsatian
        1,
        "Gretel, Astride, Marie-Eve",
        "Joseph, Rodolphe, Dany",
        "Meyer, Ziegler, Hoffstetter, Wendling, Kuntzmann, Riehl",
    ),
    _names(  # Maghrebi
        4,
        "Malika, Houria, Sabrina, Lina, Amel, Djamila",
        "Ahmed, Hamza, Walid, Amine, Slimane, Mourad",
        "Saïdi, Ben Youssef, Chaoui, Meziane, El Amrani, Ait Benhamou, Gherbi, Rahmouni, Toumi",
    ),
    _names(  # West African, Malagasy, Comorian
        3,
        "Adjoua, Kadiatou, Rokhaya, Hanta",
        "Moussa, Bakary, Kouadio, Serigne",
        "Diop, Sarr, Cissé, Kouassi, Touré, Bah, Rakotomalala, M'Bodj, Soumaré",
    ),
    _names(  # Portuguese, Spanish, Italian
        2,
        "Lurdes, Graça, Consuelo, Ornella",
        "Manuel, Paulo, Domingos, Salvatore",
        "Teixeira, Alves da Costa, Martins, Sanchez, Ramos Pinto, Bianchi, Lo Presti",
    ),
    _names(  # Polish, Balkan
        1,
        "Jadwiga, Danuta, Milena",
        "Bogdan, Tadeusz, Goran",
        "Lewandowicz, Zielinska, Pawlak, Grzybowski, Jovanović, Ionescu",
    ),
    _names(  # Vietnamese and other Asian
        2,
        "Thi Lan, Hoa, Meiling",
        "Duc Anh, Hoang, Ravi",
        "Vo, Dang Van, Ngo, Chen, Phommachanh, Kandasamy",
    ),
    _names(  # Turkish
        1,
        "Fatma, Sevgi, Nurcan",
        "Murat, Osman, Burak",
        "Aydın, Koç, Doğan, Arslan, Güneş",
    ),
    _names(  # names that are also words, months, flowers or communes
        4,
        "Iris, Marguerite, Angélique, Automne, Perle, Cerise, Bonté, Domitille, Ambre",
        "Léger, Constant, Modeste, Séverin, Barnabé, Pacifique, Gentil, Côme",
        """Lenoir, Poulain, Charbonnier, Loiseau, Lapierre, Masson, Pain, Leblond, Forestier,
        Prévôt, Bourges, Angers, Roanne, Gap, Beaune, Marché, Janvier, Rouge, Lavigne, Lecoq,
        Bureau, Chateau, Ville, Gendarme""",
    ),
)


RARE = (
    _names(  # old French
        3,
        """Sidonie, Eudoxie, Philomène, Isaure, Gersende, Euphrasie, Perrine, Ondine, Aldegonde,
        Radegonde, Ermeline, Lison, Zélie, Hortense, Anatolie, Léopoldine, Séraphine, Bathilde""",
        """Apollinaire, Fulbert, Gontran, Théophane, Hippolyte, Anselme, Melchior, Zéphyrin,
        Évariste, Tancrède, Enguerrand, Ambroise, Gédéon, Cyprien, Barthélemy, Fortuné, Isidore""",
        """Bonnefous, Tournadre, Cazeneuve-Lys, Malbranque, Quenouille, Escoffier, Trinquefort,
        Pélissou, Coquard, Vieillecaze, Gourmelen-Pagès, Chapdelaine, Boutefeu, Mazeyrat,
        Taillefesse, Rondepierre, Crèvecœur, Tirelemont, Espinouze, Beaurepère, Fauquembergue,
        Lhuissier""",
    ),
    _names(  # first names of today
        2,
        """Lyah, Shaïna, Loane, Swann, Ilyana, Maëlys, Lilwenn, Kenza, Aliyah, Thaïs, Eden, Soline,
        Nélia, Mayline, Abygaëlle""",
        """Kyllian, Mayron, Nolhan, Timéo, Jayden, Ezio, Marceau, Lyham, Tylio, Lénaïk, Sohan, Kaïs,
        Ewen, Naël, Izaac""",
        """Vandenbroucke, Delattre, Hochart, Wacquez, Debuysschère, Leleu, Ringeval, Poulet-Goffard,
        Bocquillon, Grymonprez, Vanhoutte, Deschodt, Lesaffre, Plouvier, Wambergue""",
    ),
    _names(  # Kabyle and Saharan
        1,
        "Tinhinane, Dyhia, Lalla Zineb, Ferroudja, Ouardia",
        "Massinissa, Ghilas, Akli, Koceila, Boudjemaa",
        "Ait Mouloud, Oulebsir, Ouyahia-Saci, Iguerbouchène, Azzoug, Hamitouche, Tigziri, Amrouche",
    ),
    _names(  # Gulf of Guinea and Congo
        3,
        """Akouavi, Abena, Ngozi, Nsimba, Mbuyi, Yawa, Adjovi, Bénédicta, Chancelvie, Massan,
        Merveille, Nkechi""",
        """Yaovi, Kossi, Ekoué, Kwame, Chidi, Olumide, Tshilombo, Ilunga, Makaya, Djibril, Landry,
        Trésor, Exaucé, Dieumerci""",
        """Agbodjan, Amegan, Mensah, Dossou-Yovo, Okonkwo, Adeyemi, Tshibangu, Mukendi, Kabongo,
        Loemba, Nzouzi, Mabiala, Essomba, Ndongo Biyick, Zinsou, Houngbédji, Ahouansou""",
    ),
    _names(  # Sahel, Senegal, Guinea
        2,
        "Coumba, Maguette, Diaraye, Hadja, Salimatou, Penda, Nafissatou",
        "Ndiaga, Thierno, Mbaye, Sékou, Alassane, Modibo, El Hadj Omar",
        """Dramé, Konaté, Fofana, Gueye, Thiam, Sylla, Barry, Doumbouya, Tandjigora, Niakaté,
        Wague, Sangaré, Dieng, Faye""",
    ),
    _names(  # Madagascar, Comoros, Mayotte
        2,
        "Haingo, Fanja, Voahangy, Echati, Anrafati, Zaïnaba, Lalaina",
        "Tovo, Njaka, Solofo, Soilihi, Ibouroi, Naïm, Andry",
        """Rasoanaivo, Andriamanitra, Razafindrakoto, Ravelojaona, Abdallah-Madi, Boinali, Saindou,
        M'Trengoueni, Bacar-Oili, Ramanantsoa""",
    ),
    _names(  # Pacific and Kanak
        1,
        "Hinano, Vaitiare, Moana, Malia, Wassissi",
        "Teva, Manuarii, Wapone, Petelo, Jone",
        "Tehei, Tuheiava, Wamytan, Hnaïje, Taputuarai, Mataïo, Kaemo, Falelavaki, Poaniewa",
    ),
    _names(  # Horn of Africa and Sudan
        1,
        "Selam, Hiwot, Fikirte, Saba, Nigist",
        "Tesfaye, Biniam, Yonas, Abdelrazig, Haile",
        "Gebremedhin, Woldeyesus, Tekle, Kidane, Abdelgadir, Mengistab, Hagos, Berhane",
    ),
    _names(  # Afghanistan, Iran, Kurdistan
        2,
        "Gulalai, Parwana, Parisa, Golnaz, Rojda, Berivan, Zozan, Mahnaz",
        "Zabihullah, Najibullah, Behrouz, Kaveh, Azad, Siavash, Gulbuddin",
        """Ahmadzai, Stanekzai, Noorzai, Tavakoli, Farahani, Mohammadkhani, Bozkurt, Rahimzadeh,
        Safi, Hotak, Khalilian""",
    ),
    _names(  # Caucasus and Balkans
        2,
        "Ketevan, Nino, Shpresa, Valmira, Aminat, Lusine, Snežana",
        "Giorgi, Lasha, Besnik, Arben, Zelimkhan, Hrant, Zoran",
        """Kvaratskhelia, Gelashvili, Krasniqi, Hoxha, Islamov, Gasparyan, Stojanović, Berisha,
        Tsiklauri, Dudaïev-Saïev""",
    ),
    _names(  # Ukraine, the Baltic, Hungary, Greece, the North
        2,
        "Oksana, Nadiia, Olha, Ieva, Zsófia, Evanthia, Aino, Solveig, Ragnhild",
        "Bohdan, Taras, Vytautas, Gergő, Stavros, Veikko, Ólafur, Torbjørn",
        """Kovalenko, Shevchuk, Bondarchuk, Kazlauskas, Szabó, Papadimitriou, Virtanen, Gudmundsson,
        Halvorsen, Tkachuk, Nagy""",
    ),
    _names(  # South and East Asia
        2,
        """Kavitha, Sugantha, Farzana, Yuxuan, Tuyet, Ngoc Bich, Bopha, Sokha, Mai Yer, Haruka,
        Eun-ji""",
        """Thirumal, Chaminda, Shahzad, Jiahao, Khanh, Vannak, Bounmy, Pao, Takeshi, Gurpreet,
        Sang-woo""",
        """Thangarasa, Wickramasinghe, Chowdhury, Bhattacharya, Ouyang, Truong, Sok, Vang,
        Sisavath, Watanabe, Gill, Balakrishnan, Luong, Keo""",
    ),
    _names(  # Haiti, the Antilles, Guiana, Brazil
        2,
        "Wideline, Rosemène, Marie-Flore, Thayná, Guerda, Yvrose",
        "Fritznel, Jeanty, Wilner, Wellington, Ti-Georges, Saül",
        """Dorvil, Jean-Baptiste-Édouard, Pierre-Louis, Saint-Fleur, Élien, Nascimento, Toulemonde,
        Cupidon, Zamor, Bienaimé, Désir""",
    ),
    _names(  # words, communes, trades
        3,
        """Colombe, Luna, Cassandre, Mahault, Pomme, Églantine, Mélisse, Mirabelle, Cerisette,
        Alma, Espérance, Douce, Nova, Brune""",
        """Ange, Amour, Loup, Bienvenu, Florent, Juste-Aimé, Octave, Céleste, Fidèle, Innocent,
        Soleil, Roman, Oursin""",
        """Lamontagne, Trottoir, Dubois-Sec, Cauchemar, Lenfant, Bonhomme, Moulin, Courtois, Leroux,
        Sapin, Maison, Pinson, Merle, Dimanche, Bordeaux, Nevers, Limoges, Cahors, Redon, Morlaix,
        Guéret, Montauban, Hiver, Lesage, Jambon, Chemin, Lavoine, Boucher, Lafleur, Carotte,
        Sansonnet, Ledoux, Larue, Dupuis-Pont, Brebis""",
    ),
)
