r"""The words by which is told what a reply asks for: haste, a meeting, the price.

Written as the lexicon of replies is. A name such as _DAY_ stands for a pattern of SHARED. None of the requests is heard
behind a "not" (phrases.is_asserted), nor beside an opt-out.
"""

from lead_conversion.language.phrases import Phrases, lines

SHARED = {
    "_AT_ONCE_": "(right away|straight away|immediately|right now)",
    "_BY_THEN_": "by (tonight|today|tomorrow|(the )?end of (the )?(day|today)|eod|cob)",
    "_CALL_": r"((quick|short|brief|phone|video|zoom|intro|first|\d+[ -]?min(ute)?) )*_MEETING_",
    "_MEETING_": "(call|chat|talk|meeting|demo|appointment|zoom)",
    "_THAT_DAY_": "( on| at| in| this| next| after| before| from| between)?( the)? (_DAY_|noon|lunch|\\d)",
    "_DAY_": "(today|tomorrow|_WEEKDAY_|mornings?|afternoons?|evenings?)",
    "_WEEKDAY_": "(mon(day)?|tues?(day)?|wed(nesday)?|thu(rs)?(day)?|fri(day)?)",
    "_HOUR_": r",?( at| around)? \d{1,2}([:.]\d\d( ?(am|pm|h))?| ?(am|pm|h|o'?clock))|,? (at|around) \d{1,2}",
    "_JOUR_": "(lundi|mardi|mercredi|jeudi|vendredi|demain)",
    "_DIA_PT_": "(amanha|(segunda|terca|quarta|quinta|sexta)([ -]feira)?)",
    "_DIA_": "(lunes|martes|miercoles|jueves|viernes|manana)",
    # Who asks why they were called does not ask for a call; nor does who is called something.
    "_NO_CALLER_": "".join(
        f"(?<!{before} )"
        for before in (
            "do you", "did you", "if you", "when you", "you all", "you guys", "did someone", "did anyone", "they",
            "people", "friends", "tried to", "trying to", "keep", "kept",
        )
    ),
    "_CALLED_": r"(?! (a|an|every|all|so|too|twice|constantly|\d+ times|crazy|old)\b)",
    "_ALREADY_THERE_": r"(?! with (my|our|the)\b)",
    "_SHALL_WE_": "(let'?s|lets|can we|could we|shall we|may we|happy to|love to|glad to|when can (we|i))",
    "_THING_": "(it|this|that|these|they|you|(the|your) (whole )?_OFFER_|an? (course|seat|place|person|head))",
    "_OFFER_": "(course|programme|program|training|class|fee|tuition|seminar|workshop|certificate|membership|service)",
    "_PRICES_": "(price|prices|pricing|cost|costs|fees?|tuition|quote|price ?list)",
    "_PRECIOS_": "(precio|precios|coste|costo|costes|tarifas?)",
    "_PRIX_": "(prix|tarifs?|couts?|devis)",
    "_PRECOS_": "(preco|precos|valor|valores|custo|custos|tabela de precos)",
}  # fmt: skip


def _requests(text: str) -> tuple[str, ...]:
    for name, pattern in SHARED.items():
        text = text.replace(name, pattern)
    return lines(text)


URGENT: Phrases = {
    "en": _requests(r"""
        a\.?s\.?a\.?p
        as soon as (possible|you can)
        (it'?s|its|this is|that'?s|matter is|very|really|kind of|bit) urgent(?! (care|matter|thing|work|project))
        ^urgent(?! care)
        urgently (need|want|look)\w*
        (need|needed|looking|please)( \w+){0,4} urgently
        at (the|your) earliest( convenience)?
        time[- ]sensitive
        please hurry( up)?
        (start|begin|enrol+|sign up|join|need|call|ring|phone|text|answer|reply|respond|talk|speak)( \w+){0,3} _AT_ONCE_
        (need|want) (it|this|that|them|an answer) (by )?(today|tonight|tomorrow)
        (need|want) to (know|start|decide|talk|speak|book|enrol+) (by )?(today|tonight|tomorrow)
        (have|got) to (know|decide|answer) (by )?(today|tonight|tomorrow)
        (need|have to|must)( \w+){0,4} _BY_THEN_
        (call|ring|phone|text|e-?mail|contact) me( back)? (today|tonight|now|this (morning|afternoon|evening))
        (can|could|shall|may) (we|you|i|someone|somebody)( \w+){1,4} (today|tonight|right now)
    """),
    "es": _requests(r"""
        lo (antes|mas pronto) posible
        cuanto antes
        (es|muy|bastante) urgente
        ^urgente
        (urgentemente|con urgencia)
        (llam|escrib|contact|empez|contest|respond)\w*( \w+){0,2} (de inmediato|ya mismo|ahora mismo|hoy mismo)
        (llam|escrib|contact)[aeiu]\w*(me|nos) (hoy|ahora)
        (necesito|necesitamos)( \w+){0,5} (hoy|para hoy|para manana)
    """),
    "fr": _requests(r"""
        (le plus|au plus) (vite|tot)( possible)?
        des que possible
        (c'est|est|tres|assez) urgent
        ^urgent
        (appel|rappel|repond|contact|commenc)\w*( \w+|-\w+){0,3} (tout de suite|immediatement|en urgence)
        (appelez|rappelez|contactez|repondez)[ -](moi|nous) (aujourd'hui|maintenant|ce (matin|soir))
        (besoin|il me faut|il nous faut)( \w+){0,5} (aujourd'hui|pour demain|en urgence)
    """),
    "de": _requests(r"""
        (so (bald|schnell|rasch) wie moglich|baldmoglichst|schnellstmoglich|umgehend|unverzuglich)
        (ist|sehr|wirklich|ziemlich|brauchen?|benotigen?|suchen?|bitte) dringend
        (es|das|die sache) eilt
        (rufen|antworten|schreiben|schicken|senden|melden) (sie )?(mich|mir|uns|sich)?( \w+){0,2} ?(heute|sofort)
        (brauchen?|benotigen?)( \w+){0,5} (noch heute|heute|sofort|bis morgen)
    """),
    "pt": _requests(r"""
        o (quanto antes|mais rapido possivel|mais breve possivel)
        assim que (possivel|puder(em)?)
        (e|muito|bem) urgente
        ^urgente
        (urgentemente|com urgencia)
        (me )?(ligue|liga|ligar|responda|responde|responder|comecar)m?( \w+){0,2} (hoje|agora|agora mesmo|imediatamente)
        (preciso|precisamos)( \w+){0,5} (hoje|para hoje|para amanha)
    """),
}
# "I will answer as soon as possible" hurries nobody but its writer.
PROMISE: Phrases = {
    "en": _requests(r"""
        (i|we)('?ll| will| shall| can| am| are|'m|'re|'d)
        let you know
        get back to you
    """),
    "es": _requests(r"""
        (te|le|les|os) \w+(o|re|mos|ndo)
        (respondo|contesto|aviso|vuelvo|respondere|contestare|avisare)
    """),
    "fr": _requests(r"""
        (je|nous) (vous|te|t') ?\w+
        je (reviens|regarde|reponds|repondrai|verrai|lis)
    """),
    "de": _requests(r"""
        (ich|wir) (melden?|schreiben?|antworten?|rufen?|werden?|sagen?|geben?|schauen?|lesen?|sehen|sehe|gucke|kommen?)
        (melde|schreibe|antworte|werde|schaue) (ich|mich|es|ihnen|dir)
    """),
    "pt": _requests(r"""
        (te|lhe|lhes|vos) \w+(o|rei|mos|ndo)
        (respondo|retorno|aviso|vejo|responderei|retornarei)
        vou \w+
    """),
}
MEETING: Phrases = {
    "en": _requests(r"""
        (?=[crp])_NO_CALLER_(call|ring|phone) (me|us)_CALLED_( back)?
        (can|could|would) (you|someone|somebody)( please)? (call|ring|phone)(?! (it|this|that))
        give (me|us) an? (\w+ )?(call|ring|shout|buzz|bell)
        (schedule|book|arrange|set up|reserve|get on|hop on|jump on) (a|an|the|our|another) _CALL__ALREADY_THERE_
        (need|want) (a|an) (quick|short|brief) _CALL_
        _SHALL_WE_ (do|have) (a|an) _CALL__ALREADY_THERE_
        (_SHALL_WE_|(like|want) to) (talk|speak|chat|meet|connect)(?! (to|with) (my|our|the|your)\b)
        (what|which) (time|times|day|days|slot|slots) (works?|suits?)( best)?( for)? (you|your \w+)
        when (are you|would you be|is a good time)( \w+)? (free|available|to (talk|call|speak|meet))
        when (can|could|shall) (you|we|someone) (call|talk|speak|meet|chat)
        (are|r) (you|u) (free|available) (on|at|this|next|later|now|for a|to (talk|speak|call|meet)|_DAY_)
        (are|r) (you|u) (free|available)\?
        (i'?m|i am|we'?re|we are|i'?d be|i'?ll be) (free|available)_THAT_DAY_\w*
        (?=[tmwfea])_DAY_(( \w+)? ((would )?(works?|suits?)|is (good|fine|great|perfect|ok|okay))( \w+)?|_HOUR_)
        (i|we) (can|could) do (_DAY_|\d{1,2}( ?(am|pm)|[:.]\d\d))
        (discuss|talk|speak|do)( \w+){0,4} (over|on|by) (the )?phone
        (send|share|give) (me |us )?(some |the |a few |possible |available )?(times|slots)(?! (of|for|table))
        (send|share) (me |us )?(your (availability|calendar|times|slots)|(the |a )?booking link)
        (speak|talk) (to|with) (someone|somebody|an? (human|adviser|advisor|person|real person))
    """),
    "es": _requests(r"""
        (llame|llama|llamen)(me|nos)
        (me|nos) (puede|puedes|pueden|podria|podrias) llamar
        (puede|puedes|pueden|podria|podrias) llamar(me|nos)
        (podemos|podriamos|quiero|quisiera|queremos|me gustaria) hablar(?! (con (mi|nuestr|el|la)|de))
        (podemos|podriamos|quiero|quisiera|queremos|me gustaria) (agendar|quedar|vernos|reunirnos)
        (agendar|reservar|concertar|programar|fijar) (una|la|un) (llamada|reunion|cita|videollamada)
        (agendamos|reservamos|quedamos|hablamos) (el|manana|hoy)( \w+)?
        que (dia|hora)s? (le|te|os|les) (viene|va|conviene|queda)\w*
        (el )?_DIA_( por la (manana|tarde))? (me|nos) (va|viene|queda) (bien|perfecto)
        (estoy|estamos) (libre|disponible)s? (el|manana|hoy|por la|despues de)( \w+)?
    """),
    "fr": _requests(r"""
        (appelez|rappelez|appelle|rappelle|telephonez)[ -](moi|nous)
        (pouvez|pourriez)[ -]vous (me |nous |m')?(r?appeler|telephoner|joindre)
        vous (pouvez|pourriez) (me |nous |m')(r?appeler|telephoner|joindre)
        (on peut|pouvons[ -]nous|peut[ -]on|pourrait[ -]on)( \w+)? (se parler|en parler|s'appeler|echanger|se voir)
        (prendre|fixer|fixons|caler|reserver|convenir d') ?(un |une )?(rdv|rendez[ -]vous|appel|visio)
        quand (peut|pouvons|puis)[ -](on|nous|je)( \w+)? (parler|appeler|voir|rencontrer)
        quand (etes|seriez)[ -]vous( \w+)? (disponibles?|libres?)
        _JOUR_( (matin|apres[ -]midi|soir))? (me|nous) (va|convient)
        d'accord pour _JOUR_
        (je suis|nous sommes) (libres?|disponibles?) (_JOUR_|a|cet|apres)( \w+)?
    """),
    "de": _requests(r"""
        (?=ruf)(?<!warum )(?<!wieso )(?<!weshalb )(rufen sie|ruf|ruft) (mich|uns|bitte)( (?!nicht|nie)\w+){0,2} an
        (?=ruf)(?<!warum )(?<!wieso )(?<!weshalb )(rufen sie|ruf) (mich|uns)( \w+)? (morgen|heute|bitte|zuruck)
        (konnen|konnten|wollen|sollen) wir( (?!nicht|nie)\w+){0,3} (telefonieren|sprechen|reden|treffen)
        (konnen|konnten|wurden) sie( (?!nicht|nie)\w+){0,3} (anrufen|zuruckrufen)
        lassen sie uns( \w+){0,3} (telefonieren|sprechen|reden|treffen)
        (einen |ein |den )?(termin|telefontermin|gesprach|telefonat) (vereinbaren|ausmachen|buchen)
        (um|bitte um) (einen )?(ruckruf|termin)
        (haben|hatten) sie( (?!keine)\w+){0,3} zeit
        wann (passt es( ihnen| dir)?|ware es|haben sie zeit|sind sie (erreichbar|frei))
        wann konnen wir (uns )?(telefonieren|sprechen|reden|treffen)
        (montag|dienstag|mittwoch|donnerstag|freitag|morgen)( \w+)? (passt|geht|ginge)( (?!nicht)\w+)?
    """),
    "pt": _requests(r"""
        (?=me|nos)(?<!voce )(?<!voces )(?<!quem )(me|nos) (ligue|liga|ligar|telefone)m?(?! (todo|toda|sempre|demais))
        (pode|poderia|podem|podes) (me |nos )?(ligar|telefonar)
        (ligue|ligar|telefone)[ -](me|nos)
        (podemos|poderiamos|vamos|quero|gostaria de) (conversar|falar)(?! (com (o |a )?(meu|minha)|de|sobre))
        (podemos|poderiamos|vamos|quero|gostaria de) (marcar|agendar)
        (da|daria) (para|pra) (a gente |nos )?(conversar|falar)
        a gente (pode|podia|poderia) (conversar|falar|marcar)
        (agendar|marcar) (uma|um|a) (ligacao|reuniao|chamada|conversa|call)
        (que|qual) (dia|hora) (funciona|fica|e melhor)( \w+)?
        _DIA_PT_( (?!nao)\w+){0,3} (esta|fica|e|seria) (bom|bem|otimo)( \w+)?
        (estou|estamos) (livre|disponivel|disponiveis|livres) (na|no|amanha|hoje|depois)( \w+)?
    """),
}
PRICE_QUESTION: Phrases = {
    "en": _requests(r"""
        how (much|expensive) (is|are) _THING_(?! (used|worth|about|going|left))
        how (much|expensive) (do|does|would|will|did|might) _THING_ (be|cost|charge|come to)
        how much (for|money|per|a (head|person|month|year|seat))
        how (much|expensive)( \w+){2,6} (cost|costs|charge)
        how much\?
        ^how much$
        (what|whats|what'?s|what is|what are|what would|what will)( be)? (the|your|its) (\w+ )?(_PRICES_|rates)
        what (do|does|would|will|did) (it|this|that|they|you|the \w+|one|\w+ of these) (cost|charge)
        what (it|this|that|they|the \w+) (would|will|costs?)( cost)?
        (send|share|give|tell|e-?mail)( me| us)? (the |your |a |some |about (the |your )?)?(\w+ )?_PRICES_
        (like|love|want|need) to know( about| what)? (the |your )?_PRICES_
        (ask|asking|question|wondering|curious) (about|what) (the |your )?_PRICES_
        (tell me|let me know|wondering|like to know|want to know|can you say) (how much|what it costs?)
        _PRICES_( please| list| range| info)? ?\?
        (is it|is this|is that) (for )?free( of charge)? ?\?
        (is there|are there|do you (have|offer)) (a |an |any )?(payment plans?|instal+ments?|pricing|price list)
        ballpark (figure|number|price|cost|estimate)
    """),
    "es": _requests(r"""
        cuanto (cuesta|cuestan|vale|valen|sale|es|seria|cobran|cobras|hay que pagar)(?! (el )?tiempo)
        (cual es el|cual seria el|cuales son los) _PRECIOS_( \w+)?
        que (precio|tarifa|coste|costo)s? (tiene|tienen|seria|hay)
        (saber|conocer|enviar|envie|envia|mandar|dar|dime|digame|enviame|envieme|mandame) (el|los|la|las) _PRECIOS_
        _PRECIOS_ ?\?
        es gratis ?\?
    """),
    "fr": _requests(r"""
        combien (ca |cela |est[ -]ce que (ca |cela )?)?(coute|coutent|couterait)
        (c'est|ca fait|ca coute|cela coute|cela fait) combien(?! de)
        (revient|reviendrait|monte) a combien
        combien( \w+){1,5} (coute|coutent|couterait)
        combien (c'est|faut[ -]il payer|pour)(?! de)
        (quel|quels|quelle|quelles) (est|sont|serait|seraient) (le|les|vos|votre|la) (\w+ )?_PRIX_
        quels? (prix|tarifs?|couts?)
        (connaitre|savoir|envoye[zr]|donne[zr]|communiquer)([ -](moi|nous))? (le|les|vos|votre|un) _PRIX_
        (prix|tarifs?) ?\?
        c'est gratuit ?\?
    """),
    "de": _requests(r"""
        (was|wie ?viel) (kostet|kosten)( \w+){0,2}
        (was|wie ?viel) (wurde|wurden)( \w+){1,3} kosten
        wie teuer
        (mit )?welche[nr]? (kosten|preis)
        wie hoch (ist|sind|ware|waren) (der|die|ihr|ihre) (preis|preise|kosten|gebuhr\w*)
        (was|wie) (ist|sind|lautet|lauten) (der|die|ihr|ihre) (preis|preise|kosten|gebuhr\w*)
        (preis|preise|preisliste|kosten) (schicken|senden|zuschicken|zusenden|nennen|mitteilen)
        (schicken|senden|nennen) sie (mir|uns) (bitte )?(den|die|ihre|eine) (preis|preise|preisliste|kosten)
        (preis|preise|kosten) ?\?
        ist (das|es) (kostenlos|gratis|umsonst) ?\?
    """),
    "pt": _requests(r"""
        quanto (custa|custam|sai|fica|seria|vale|cobram|e)(?! (que |o )?(dura|tempo|demora))
        (qual|quais) (e|seria|sao|o|os)( o| os)? _PRECOS_( \w+)?
        (saber|enviar|envie|mande|manda|mandar|passar|passa|informar|me diga) (me )?(o|os|a|as) _PRECOS_
        (preco|precos|valor|valores) ?\?
        (e gratis|e gratuito|e de graca) ?\?
    """),
}
