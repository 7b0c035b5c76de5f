r"""What a prompt in another language than English asks, presses and announces; English is read by language.templates.

Written as the lexicon of replies is, over folded text. Behind `(?<!\w )` a clause begins: there an order is one.
"""

from lead_conversion.language.phrases import Phrases, lines

# One thing that the reader can do at once.
CLEAR_ASKS: Phrases = {
    "es": lines(r"""
        (?<!\w )(por favor,? )?(reserv|agend|elij|elig|escog|escoj|respond|puls|confirm)(a|e|eme|enos)
        (?<!\w )(por favor,? )?(llam|inscrib)(a|e|ame|eme|anos|enos|ete|ase)
        (?<!\w )(por favor,? )?(haz|haga) clic
        (le|te|os|les) (viene|va|conviene) (bien )?(el |un |una |manana|hoy|mejor)\w*
        (que|cual) (dia|hora|horario)( \w+){0,3} (viene|va|conviene|prefiere)\w*
        (podemos|podriamos|quieres|quiere|hablamos)( \w+){0,3} (hablar|llamada|minutos|reunirnos|agendar|reservar)
        (tienes|tiene|tendrias|tendria) (un momento|\w+ minutos|tiempo|hueco)
    """),
    "fr": lines(r"""
        (?<!\w )(merci de |veuillez )?(reservez|choisissez|repondez|appelez|cliquez|prenez|inscrivez|confirmez)
        (?<!\w )(reserve|choisis|reponds|appelle|clique)
        (pouvons|pourrions)[ -]nous( \w+){0,4} (parler|echanger|appeler)
        (avez|auriez|seriez|etes)[ -]vous( \w+){0,4} (minutes|disponibles?|temps|creneau)
        (quel|quelle|quels) (jour|heure|creneau|moment)( \w+){0,4} (convient|arrange|conviendrait|prefer\w+)
        (on s'appelle|peut[ -]on s'appeler)
    """),
    "de": lines(r"""
        (?<!\w )(bitte )?(buchen|reservieren|wahlen|antworten|rufen|klicken|sichern|vereinbaren|melden|bestatigen) sie
        (?<!\w )(bitte )?(buche|reserviere|wahle|antworte|klicke|melde dich|ruf)
        (haben|hatten|hast|hattest) (sie|du)( \w+){0,4} (zeit|minuten)
        (passt|ginge|geht) (es )?(ihnen |dir |bei ihnen )?(\w+ ){0,4}(\w+tag|mittwoch|morgen|heute|besser)
        wann (passt|ware|konnen wir|haben sie)( \w+){0,4}
        (konnen|konnten|wollen|sollen) wir( \w+){0,4} (telefonieren|sprechen|reden)
    """),
    "pt": lines(r"""
        (?<!\w )(por favor,? )?(reserve|agende|escolha|responda|ligue|clique|marque|confirme|inscreva[ -]se)
        (podemos|poderiamos|vamos)( \w+){0,3} (conversar|falar|agendar|marcar)
        (tem|teria|voce tem) (um momento|\w+ minutos|tempo)
        (que|qual) (dia|horario|hora)( \w+){0,3} (melhor|funciona|prefere|fica)
    """),
}
PRESSURE: Phrases = {
    "es": lines(r"""
        (ultima|ultimas) (oportunidad|plazas?|horas?|dias?)
        (solo|quedan|solo quedan) (\w+ )?(pocas )?(plazas|horas|dias)
        (date|dese) prisa
        (actua|decide|responde|inscribete) (ya|ahora)
        (termina|acaba|cierra|expira|vence) (hoy|esta noche|manana|pronto)
        no (te|se) lo (pierd|piens)\w+
        antes de que sea (demasiado )?tarde
        (ahora o nunca|urgente)
    """),
    "fr": lines(r"""
        derni(er|ere)s? (chance|rappel|places?|jours?|heures?)
        plus que (\w+ )?(places?|jours?|heures?)
        (depechez|hatez)[ -]vous
        (agissez|decidez|inscrivez[ -]vous) (maintenant|vite|des maintenant|aujourd'hui)
        (se termine|expire|ferme) (ce soir|aujourd'hui|demain|bientot|a minuit)
        ne (manquez|ratez) pas
        avant qu'il (ne )?soit trop tard
        (maintenant ou jamais|urgent)
    """),
    "de": lines(r"""
        letzte (chance|gelegenheit|platze|stunden|tage|erinnerung)
        nur noch( \w+)? (platze|tage|stunden|heute)
        (beeilen sie sich|beeil dich)
        (handeln|entscheiden|sichern) sie (\w+ )?(jetzt|sofort|schnell)
        (endet|schliesst|lauft) (heute|morgen|bald|um mitternacht)( ab| aus)?
        (verpassen sie|verpasse) (nicht|keine\w*|diese)( \w+)?
        bevor es zu spat ist
        (jetzt oder nie|dringend)
    """),
    "pt": lines(r"""
        (ultima|ultimas) (chance|oportunidade|vagas?|horas?|dias?)
        (so|apenas|restam|restam apenas) (\w+ )?(poucas )?(vagas|horas|dias)( restantes)?
        (apresse|corra)([ -]se)?
        (aja|decida|inscreva[ -]se) (agora|ja|hoje)
        (termina|acaba|encerra|expira) (hoje|amanha|em breve|a meia[ -]noite)
        nao (perca|deixe passar)
        antes que seja tarde
        (agora ou nunca|urgente)
    """),
}
# How to stop.
NOTICES: Phrases = {
    "es": lines(r"""
        (darse|darte|date|dese|dar) de baja
        (responda|responde|envie|envia|escriba|escribe) (con )?["']?(stop|baja|alto|no)
        (dejar de|no) recibir( \w+){0,2} (mensajes|correos|sms)
    """),
    "fr": lines(r"""
        (desabonn|desinscri)\w*
        (repondez|envoyez|tapez) ["']?(stop|arret)
        stop au \d+
        ne plus recevoir
    """),
    "de": lines(r"""
        (abmelden|abmeldung|abbestellen|austragen)
        (antworten|senden|schreiben) sie( \w+){0,2} ["']?stopp?
        stopp? (an|zum)( \w+)?
        keine( weiteren)? (nachrichten|e-?mails|mails|sms)( mehr)?
    """),
    "pt": lines(r"""
        (descadastr|desinscrev)\w*
        (responda|envie|digite) (com )?["']?(stop|sair|parar|pare)
        (nao|deixar de) receber( \w+){0,2} (mensagens|emails|e-mails)
        cancelar( \w+)? (inscricao|assinatura)
    """),
}
