"""The words by which a reply's intent, objection and opt-out are told, by language.

Each line is a regular expression over folded text (lower case, no accents, straight apostrophes), matched at word
boundaries. A phrase stands here when it is hard to misread without its context; what is missing is read as neutral,
which costs a feature some strength, where a wrong entry would cost it its meaning.
"""

from lead_conversion.language.phrases import Phrases, lines

# Whole replies that carriers and regulators define as an opt-out (CTIA Messaging Principles, 5.1.3), and their kin.
OPT_OUT_REPLIES: Phrases = {
    "en": lines(r"""
        stop
        stop ?all
        unsubscribe
        end
        quit
        cancel
        remove
        remove me
        opt ?out
    """),
    "es": lines(r"""
        baja
        darme de baja
        dar de baja
        parar
        alto
        cancelar
        basta
    """),
    "fr": lines(r"""
        arret
        arretez
        desinscription
        desabonnement
        desinscrire
    """),
    "de": lines(r"""
        stopp
        abmelden
        abbestellen
        austragen
    """),
    "pt": lines(r"""
        sair
        pare
        parar
        cancelar
        remover
        descadastrar
    """),
}

OPT_OUT: Phrases = {
    "en": lines(r"""
        unsubscribe( me)?
        opt(ing)?[ -]?(me )?out
        stop (text|call|messag|email|e-mail|contact|send|writ|bother|spam|reaching|sms|harass)\w*
        (take|remove|delete) (me|my (number|name|e-?mail|details|data))
        (do not|don'?t|dont|never|quit) (ever )?(contact|call|text|e-?mail|message)( to)? (me|us|this)( \w+)?
        (do not|don'?t|dont|never|quit) (ever )?(write|bother)( to)? (me|us)( \w+)?
        no (more|further) (text|call|message|e-?mail|sms)s?( please)?
        (lose|forget) my number
        do not (call|contact) list
        not consent(ed)? to
        leave me alone
    """),
    "es": lines(r"""
        (darme|dame|denme|deme|me den|darse|dar) de baja
        no me (escrib|llam|contact|mand|envi|molest)\w*( mas)?
        (dej|par)(a|e|en|ar) de (escribir|llamar|mandar|enviar|contactar|molestar)\w*
        (borr|elimin|quit)(a|e|en|ar)(me)? (de |mi |mis )\w+
        no (quiero|deseo) (recibir|mas)( mas)? (mensajes|correos|llamadas|sms)
    """),
    "fr": lines(r"""
        (me )?(desabonn|desinscri)\w*
        arretez? (de )?(m'|me )?\w*(ecri|appel|contact|envoy|harcel|derang)\w*
        ne (me|m'?) ?(contactez|ecrivez|appelez|envoyez|derangez)\w* (plus|pas)
        (retirez|supprimez|enlevez)[ -](moi|mon|mes)
        plus (de|aucun) (message|sms|mail|appel)s?
    """),
    "de": lines(r"""
        abmelden
        abbestellen
        austragen
        keine (weiteren )?(nachrichten|e-?mails|mails|anrufe|sms|werbung)( mehr)?
        (nicht mehr|nie wieder) (kontaktieren|anrufen|schreiben|anschreiben|belastigen)
        (loschen sie|loscht|entfernen sie) (mich|meine|meinen)
        horen sie auf
        aus (dem|ihrem) verteiler
    """),
    "pt": lines(r"""
        descadastr\w+
        (par[ae]m?|deixe[m]?) de (me )?(enviar|mandar|ligar|escrever|contactar|contatar|incomodar)\w*
        nao me (ligue|escreva|envie|mande|contacte|contate|incomode)m?( mais)?
        (me )?(remov|retir|tir|exclu)(a|e|am|em|ir|er|ar) (me |meu |da lista|da sua lista)\w*
        nao quero (mais )?(receber|mensagens)
    """),
}

# Holds a word of refusal and refuses nothing.
HARMLESS: Phrases = {
    "en": lines(r"""
        (no|not a) (problem|worries|rush|doubt|pressure|idea|hurry)
        why not
        can'?t wait
    """),
    "es": lines(r"""
        (no hay|sin) (problema|prisa)
        por que no
        no hay de que
    """),
    "fr": lines(r"""
        (pas de|sans) (probleme|souci|doute)
        pourquoi pas
    """),
    "de": lines(r"""
        (kein|ohne) (problem|thema|zweifel)
        warum nicht
    """),
    "pt": lines(r"""
        sem (problemas?|pressa|duvida)
        por que nao
        nao (ha|tem) problema
    """),
}

NEGATIVE: Phrases = {
    "en": lines(r"""
        (not|isn'?t|aren'?t|no longer|never) (really |very |that |at all )?interested( (at all|anymore|any more))?
        (i'?ll|we'?ll|i will|we will|gonna|going to|have to) pass( on)?
        no,? (thanks|thank you|thx|interest)
        ^(no|nope|nah)(?=$| *[.,!;])
        not (for (me|us)|a (good )?fit|worth it|what (i|we)('?re| are) looking for|happening|going to (happen|work))
        (do not|don'?t|dont) (want|need|think so|see the (point|value))( \w+)?
        (already|we'?ve) (signed|chose|chosen|went|gone) with
        went with (someone|somebody|another|a competitor|a different)
        wrong (number|person)
        waste of (time|money)
        (scam|spam)
        (too|so) (expensive|pricey|annoying|pushy)
        can'?t (afford|make it|do it|justify)( \w+)?
    """),
    "es": lines(r"""
        no (me|nos) interesa\w*( nada)?
        no (estoy|estamos) interesad[oa]s?
        no,? (muchas )?gracias
        no (quiero|necesito|queremos|necesitamos|puedo|creo)( \w+)?
        ^no(?=$| *[.,!;])
        numero equivocado
        (muy|demasiado) car[oa]
        ya (contrat|eleg|tenemos|tengo)\w*
        dejame en paz
    """),
    "fr": lines(r"""
        (pas|plus|aucunement) (du tout |vraiment )?interessee?s?
        non,? merci
        ^non(?=$| *[.,!;])
        (ca|cela) ne (m'|nous |me )?interesse( pas)?
        pas (besoin|envie|pour (moi|nous)|le bon numero)
        mauvais numero
        trop cher
        laissez[ -]moi tranquille
    """),
    "de": lines(r"""
        (kein|keinerlei) (interesse|bedarf)
        nicht (mehr )?(interessiert|notig|fur (mich|uns))
        nein,? danke
        ^ne(in|e)(?=$| *[.,!;])
        (falsche|verkehrte) nummer
        zu teuer
        (brauche|brauchen|mochte|mochten|will|wollen) (ich |wir |das )*nicht
        lassen sie mich in ruhe
        passt (leider |aber )?nicht( \w+)*
    """),
    "pt": lines(r"""
        (nao|sem) (tenho |temos |estou |estamos )?(interesse|interessad[oa]s?)( nenhum)?
        nao,? (muito )?obrigad[oa]
        nao (quero|preciso|queremos|precisamos|posso|da)( \w+)?
        ^nao(?=$| *[.,!;])
        numero errado
        (muito|demasiado) caro
        me deixe em paz
    """),
}

POSITIVE: Phrases = {
    "en": lines(r"""
        (very |really |definitely |still |i'?m |im |we'?re )*interested
        (yes|yeah|yep|yup|sure|absolutely|definitely|perfect|of course|for sure)
        (sounds|looks|that'?s|is|works?) (good|great|perfect|interesting|awesome|amazing|fine|ideal|useful|exactly)
        (would|i'?d|we'?d|id) (really )?(love|like|be (happy|interested|keen))( to)?
        (happy|keen|ready|eager|excited|glad) to
        (let'?s|lets|can we|could we|shall we) (talk|chat|do (it|this|that)|book|schedule|set|meet)
        (let'?s|lets|can we|could we|shall we) (connect|hop|go|jump|find)
        (call|ring|phone|contact|text) me( (back|tomorrow|today|later|at|on|after|this|any ?time|when))?
        (book|schedule|set up|arrange|reserve) (me|a|an|the|it|us|my)
        (send|share|e-?mail|forward) (me|us|over|it|that|them|the|more|your)
        (tell|show) me more
        (sign me up|count me in|i'?m in|im in|looking forward|works for me|go ahead)
        (free|available) (on|at|this|next|tomorrow|today|after|before|monday|tuesday|wednesday|thursday|friday)
        (monday|tuesday|wednesday|thursday|friday|tomorrow|morning|afternoon) (works|would work)
        (monday|tuesday|wednesday|thursday|friday|tomorrow|morning|afternoon) is (good|great|fine|ok)
        (more|some|further) (info|information|details)
        (what time|when) (works|can we|could we|are you)
        (love|like) (it|this|the idea|that)
        (let'?s|lets|happy to|want to) speak
        (a|the) (quick|short|brief) (call|chat)
    """),
    "es": lines(r"""
        (me|nos) interesa\w*
        (estoy|estamos) (muy )?interesad[oa]s?
        (si|claro|perfecto|por supuesto|genial|de acuerdo|vale|dale|excelente)
        (suena|parece|esta) (muy )?(bien|bueno|interesante|genial|perfecto)
        (me|nos) (gustaria|encantaria|parece bien)
        (llam|escrib|envi|mand|cont)(a|e|i|en|ame|eme|enme|ueme|ame)(me|nos)? (mas|manana|hoy|la|el|los|por)
        (llamame|llameme|escribeme|cuentame|cuenteme|enviame|envieme|mandame)
        (mas|quiero|quisiera) (informacion|info|detalles|saber|agendar|reservar)
        (podemos|podriamos) (hablar|agendar|quedar|vernos|reunirnos)
        (agend|reserv)(a|ar|emos|amos|ame)
    """),
    "fr": lines(r"""
        (ca |cela )?(m'|nous )interesse
        (je suis|nous sommes|tres|vraiment)( tres)? interessee?s?
        (oui|parfait|bien sur|d'accord|volontiers|avec plaisir|super|tout a fait)
        (j'aimerais|je voudrais|nous aimerions|je souhaite\w*)
        (appelez|rappelez|contactez|envoyez|dites|racontez)[ -](moi|nous)
        plus d'(info|information|detail|explication)s?
        (on peut|pouvons[ -]nous|peut[ -]on) (se parler|en parler|s'appeler|echanger|fixer|en discuter)
        (prendre|fixer|fixons|caler) (un )?(rdv|rendez[ -]vous|appel)
        (ca|cela) me (va|convient)
    """),
    "de": lines(r"""
        (sehr |bin |sind |ware )*interessiert
        (habe|haben|hatte|hatten) (grosses |groses |ich |wir |durchaus |schon )*interesse
        interessiert (mich|uns)
        (ja|gerne|gern|klar|perfekt|naturlich|super|einverstanden|passt)
        (klingt|hort sich|sieht|ist) (sehr |wirklich )?(gut|interessant|spannend|super|toll)( an| aus)?
        (rufen sie|ruf|melden sie|schreiben sie|schicken sie|senden sie) (mich|mir|uns|sich)
        (mehr|weitere) (infos?|informationen|details)
        (ich|wir) (wurden?|mochten?) (gerne|gern|mehr|einen)
        (konnen|konnten|sollen) wir (telefonieren|sprechen|reden|einen termin)
        termin (vereinbaren|ausmachen|machen|buchen)
    """),
    "pt": lines(r"""
        (tenho|temos|com) (muito )?interesse
        (estou|estamos) (muito )?interessad[oa]s?
        (me|nos) interessa
        (sim|claro|perfeito|com certeza|otimo|combinado|pode ser|beleza)
        (parece|soa|esta|fica) (muito )?(bom|bem|otimo|interessante|perfeito)
        (gostaria|gostariamos|adoraria|quero saber|queria saber)
        (me )?(ligue|liga|envie|mande|manda|conte|chame)(m)? (me|para|mais|amanha|hoje|as|os|a)
        mais (informacoes|info|detalhes)
        (podemos|poderiamos|vamos) (conversar|falar|marcar|agendar)
        (agendar|marcar) (uma|um)
    """),
}

# The reason held against going on, whatever the intent. The one that stands first in the reply counts.
OBJECTIONS: dict[str, Phrases] = {
    "price": {
        "en": lines(r"""
            (too|so|very|bit|pretty|quite|really|kind of|kinda|more) (expensive|pricey|costly|steep|high)
            (expensive|pricey|unaffordable|overpriced)
            can'?t (really )?afford( \w+)?
            (out of|over|above|beyond|outside|not in|no|tight|limited) (of )?(our |my |the |your )?budget
            (our|my|the) budget (is|was|won'?t|does|for)( \w+)?
            budget\w*
            (costs?|charge|asking|pay) (way |far |a lot )?too much
            (too much money|cheaper|discount|price (is|seems|looks|feels) (\w+ )?(high|steep|much))
            (fee|fees|cost|price|it) (is|are) (\w+ )?(more than|too much|beyond)( \w+)*
            cant (really )?afford( \w+)?
            (can'?t|cannot|couldn'?t) (pay|spend)( \w+)*
            no money
        """),
        "es": lines(r"""
            car[oa]s?
            presupuesto
            cuesta (demasiado|mucho)
            (mucho|demasiado|no (tengo|hay)) dinero
            descuento
            mas barat[oa]
        """),
        "fr": lines(r"""
            (trop )?ch(er|ere)s?
            budget
            (prix|tarifs?) (trop |tres )?(eleves?|hauts?)
            coute trop
            (pas|plus) d'argent
            remise
            moins cher
        """),
        "de": lines(r"""
            (zu )?teuer
            budget
            preis\w* (ist |sind )?(zu |sehr )?hoch
            kostet zu viel
            (kein|zu viel) geld
            rabatt
            gunstiger
        """),
        "pt": lines(r"""
            car[oa]s?
            orcamento
            preco\w* (muito |e )?alto
            custa (muito|demais)
            (sem|muito|nao (tenho|temos)) dinheiro
            desconto
            mais barat[oa]
        """),
    },
    "time": {
        "en": lines(r"""
            (too|so|really|very|super|pretty|crazy|swamped|quite) busy
            swamped
            (no|not|don'?t have|dont have|haven'?t|without) (the |any |enough |got )?(time|bandwidth|capacity)
            (takes? (too|so) (much|long)( time)?|too much time|time[ -]consuming)
            (busy|hectic) (week|month|season|day|time|schedule)
            (working|work) overtime
            (hours?|days?|time)( \w+){0,3} (is|are) (not|too much|un)( ?realistic)?
            (snowed under|flat out|overloaded|understaffed|short[ -]staffed)
            (up to (my|our) (neck|ears))
        """),
        "es": lines(r"""
            (no (tengo|tenemos)|sin|falta de) tiempo
            (muy|demasiado) ocupad[oa]s?
            hasta (arriba|el cuello)
        """),
        "fr": lines(r"""
            (pas|plus|manque de) (le |de )?temps
            (trop|tres) (occupee?s?|pris|charge)
            deborde\w*
            (sous l'eau|charge de travail)
        """),
        "de": lines(r"""
            (keine|wenig|kaum) zeit
            (zu|sehr|gerade) (beschaftigt|viel (zu tun|los))
        """),
        "pt": lines(r"""
            (nao (tenho|temos)|sem|falta de) tempo
            (muito|bem) ocupad[oa]s?
            na correria
        """),
    },
    "trust": {
        "en": lines(r"""
            (is (this|it) |are you )(a |an )?(scam|spam|legit\w*|real|fraud)
            too good to be true
            (scam|fraud|legit|sketchy|shady|phishing)
            (how|where) did you (get|find|have) my (number|name|e-?mail|details|contact|info)\w*
            (don'?t|do not|dont|hard to|can'?t) (trust|believe)
            (any|some|have|no|see) (proof|guarantees?|references|case stud(y|ies)|reviews|testimonials)
            never heard of (you|your)
            sceptical|skeptical
            (i'?d|we'?d|would|need) (\w+ )?(want|like)?( to)? ?see (some |any |your )?(references|reviews|results)
        """),
        "es": lines(r"""
            estafa\w*
            fraude
            no confi(o|amos)
            desconfi\w+
            de donde (sac|tien|consig)\w+
            no (me fio|los conozco)
        """),
        "fr": lines(r"""
            arnaque\w*
            fraude
            (pas|peu) (confiance|fiable)
            comment avez[ -]vous (eu|obtenu)
        """),
        "de": lines(r"""
            betrug\w*
            abzocke
            (un|nicht )serios
            (vertraue\w* (\w+ )?nicht|kein vertrauen)
            woher haben sie
            ist das serios
        """),
        "pt": lines(r"""
            golpe
            fraude
            nao confi(o|amos)
            desconfi\w+
            como (conseguiu|tem) (meu|o meu)
        """),
    },
    "authority": {
        "en": lines(r"""
            (talk|speak|check|discuss|ask|run (it|this))( \w+){0,3} (my|our|the) (boss|manager|team)
            (talk|speak|check|discuss|ask|run (it|this))( \w+){0,3} (my|our) (business )?partners?
            (talk|speak|check|discuss|ask|run (it|this))( \w+){0,3} (my|our|the) (board|ceo|cfo|owner|head)
            (talk|speak|check|discuss|ask)( \w+){0,3} my (wife|husband|spouse|director|colleagues?|parents?)
            not my (decision|call|area|department)
            (don'?t|do not|dont) (make|handle) (the |that |these |those )?(decision|purchas|buying)\w*
            not the (right|decision|best) (person|maker|contact)
            (need|needs|require|get|waiting (on|for)) (\w+ )?(approval|sign[ -]?off|buy[ -]?in|permission)
            above my pay grade
            (i'?m|i am) not the one (who|that)( \w+)*
            (that|the|this) decision is made( \w+)*
            can'?t (sign off|approve|decide)( \w+)*
            (not|isn'?t) (up to me|mine to decide)
            (my|our|the) (boss|manager|head office|board|hr) (decides?|has to|needs to|makes)( \w+)*
        """),
        "es": lines(r"""
            (hablar|consultar|preguntar|ver)\w*( \w+){0,2} (mi|nuestro|el|la) (jef[ea]|socio|equipo|gerente|direct\w+)
            (hablar|consultar|preguntar|ver)\w*( \w+){0,2} mi (espos[oa]|marido|mujer)
            no (decido|es mi decision|depende de mi|soy la persona)
            no soy (yo )?(quien|la persona)( \w+)*
            (eso |quien )?(lo )?decide (es )?mi( \w+)*
        """),
        "fr": lines(r"""
            (parler|voir|demander|consulter)\w*( \w+){0,2} (mon|ma|notre) (chef|patron|associe|equipe|direct\w+)
            (parler|voir|demander|consulter)\w*( \w+){0,2} (mon|ma) (manager|mari|femme|responsable)
            pas (ma|mon) (decision|ressort)
            (pas moi qui|je ne) decide
            c'est (mon|ma|notre) (chef|patron|direct\w+|responsable)( \w+)*
            ce n'est pas (moi|ma decision)( \w+)*
        """),
        "de": lines(r"""
            (mit|erst|muss) (meine[mrn]?|unsere[mrn]?|dem|der) (chef\w*|team|partner\w*|vorgesetzt\w*)
            (mit|erst|muss) (meine[mrn]?|unsere[mrn]?|dem|der) (geschaftsfuhr\w*|frau|mann|kolleg\w*)
            nicht (meine entscheidung|zustandig)
            entscheide (ich |das )*nicht
            (das )?entscheidet (mein|unser|der|die)\w*( \w+)*
            ich entscheide das nicht
        """),
        "pt": lines(r"""
            (falar|consultar|perguntar|ver)\w*( \w+){0,2} (meu|minha|nosso) (chefe|socio|equipe|gerente|diretor\w*)
            (falar|consultar|perguntar|ver)\w*( \w+){0,2} (meu|minha) (espos[oa]|marido|mulher)
            nao (decido|e minha decisao|depende de mim|sou a pessoa)
            (quem decide|isso e) (e )?(o )?(meu|minha|com)( \w+)*
        """),
    },
    "not_now": {
        "en": lines(r"""
            not (right )?now
            (maybe|perhaps|try|check|circle|come|get|contact|call|reach|talk|revisit)( \w+){0,4} later
            (maybe|perhaps|try|check|circle|come|get|contact|call|reach|talk)( \w+){0,4} next (month|quarter|year)
            (maybe|perhaps|try|check|circle|come|get|contact|call|reach|talk)( \w+){0,4} (in a (few|couple)|after the)
            (maybe|perhaps|try|check|circle|come|get|contact|call|reach|talk)( \w+){0,4} in (q[1-4]|the (spring|fall))
            ((not )?(until|before|maybe|perhaps) next (quarter|year)|down the (road|line)|some other time|another time)
            (bad|wrong|not a good|not the right|not the best|not good) (time|timing|moment)
            timing (is|isn'?t|is not)( \w+)?
            (at the moment|for now|yet|at this time|on hold)
            not \w+ (right )?now
            (come|get|check|try|write|call)( \w+)? ?(back|again) in (the )?(spring|summer|autumn|fall|winter)
        """),
        "es": lines(r"""
            (ahora|por ahora|por el momento|de momento) no
            no (por |en )?(ahora|este momento|el momento)
            (mas adelante|mas tarde|otro momento|proximo (mes|ano|trimestre))
        """),
        "fr": lines(r"""
            pas (maintenant|pour l'instant|pour le moment|tout de suite|encore)
            (plus tard|l'annee prochaine|mois prochain|prochain trimestre|autre moment)
        """),
        "de": lines(r"""
            (jetzt|momentan|derzeit|aktuell|gerade|im moment) (noch )?(nicht|kein\w*)
            (spater|nachste[sn]? (jahr|monat|quartal)|ein andermal|noch nicht)
        """),
        "pt": lines(r"""
            (agora|por enquanto|no momento) nao
            nao (agora|no momento|por enquanto|neste momento)
            (mais tarde|outro momento|proximo (mes|ano|trimestre)|ano que vem|mais para frente)
        """),
    },
    "fit": {
        "en": lines(r"""
            not (a |the |really a |quite a )?(good |right |great )?(fit|match)
            (not|isn'?t|doesn'?t seem) (really |quite )?(relevant|suitable|applicable|for (us|me|our \w+))
            (already|we) (have|use|using|got) (a|an|another|our|someone|something|one|it|that|this)( \w+)?
            already (work|working|happy) with
            (went|going|gone|go|signed|sticking) with (someone|somebody|another|a|our|the)
            (don'?t|do not|dont|doesn'?t|does not) (need|fit|apply|suit|work for)( \w+)?
            (too (small|big|complex|complicated|basic|early)|missing (a )?features?|integrat\w+ with)
            (what|not) (i|we)('?re| are|'?m| am) looking for
            different (industry|business|field)
            work with (another|someone|somebody|a different|other)( \w+)*
            (we|i) need something (for|else|different|more|less)( \w+)*
        """),
        "es": lines(r"""
            no (es|seria) (para|lo que|adecuad|relevante)\w*
            ya (tenemos|tengo|usamos|uso|trabajamos)
            no (lo |la )?necesit\w+
            no encaja
        """),
        "fr": lines(r"""
            pas (adapte|pertinent|pour (moi|nous)|ce (que|qu'))\w*
            (deja|avons deja|ai deja) (un|une|quelqu|autre|prestataire)\w*
            pas besoin
            ne (correspond|convient) pas( \w+)*
        """),
        "de": lines(r"""
            (passt|eignet sich) (leider |fur uns |das )*nicht
            (haben|nutzen|verwenden|habe) (wir |ich )?(schon|bereits)
            (brauchen|brauche) (wir |ich |das )*nicht
            kein bedarf
            passt (leider |aber )?nicht( \w+)*
        """),
        "pt": lines(r"""
            nao (e|seria) (para|o que|adequad|relevante)\w*
            ja (temos|tenho|usamos|uso|trabalhamos)
            nao (preciso|precisamos)
            nao se encaixa
        """),
    },
}

# A question asked without its mark: how such a reply begins.
QUESTION_OPENINGS: Phrases = {
    "en": lines(r"""
        how (much|many|long|does|do|is|can|would)
        what (is|are|does|do|would|time|about|kind)
        what'?s
        where (is|are|do)
        who (is|are)
        when (is|are|can|do|would)
        why (is|are|do|did)
        (can|could|do|does|did|is|are|would|will) (you|this|it|there|i|we)
    """),
    "es": lines(r"""
        (cuanto|cuanta|cuando|como|donde|que (es|tipo|incluye|precio)|quien|cual|por que)
    """),
    "fr": lines(r"""
        (combien|quand|comment|pourquoi|est[ -]ce|quel\w*|qui (est|etes)|qu'est)
    """),
    "de": lines(r"""
        (wie (viel|lange|funktioniert|teuer|hoch)|was (kostet|ist|sind)|wann|wo|wer|warum|welche\w*)
    """),
    "pt": lines(r"""
        (quanto|quando|como|onde|qual|quem|por que|o que (e|inclui))
    """),
}

# What people say before or after the matter: tells the language of a reply too short for statistics.
COURTESIES: Phrases = {
    "en": lines(r"""
        (hi|hello|hey|thanks|thank you|thx|please|cheers|sorry|tomorrow)
        good (morning|afternoon|evening)
    """),
    "es": lines(r"""
        (hola|gracias|buenos dias|buenas (tardes|noches)|saludos|manana|por favor|bueno)
    """),
    "fr": lines(r"""
        (bonjour|bonsoir|salut|merci|s'il vous plait|svp|cordialement|demain)
    """),
    "de": lines(r"""
        (hallo|guten (tag|morgen|abend)|danke|bitte|gruss|grusse|moin|morgen)
    """),
    "pt": lines(r"""
        (ola|oi|obrigad[oa]|bom dia|boa (tarde|noite)|por favor|amanha|abracos)
    """),
}
