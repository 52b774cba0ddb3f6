/** Owns the German words of the conversation. */
import type { Texts } from '../en.ts'
import { plurals } from '../plural.ts'

const plural = plurals('de')

export const chat: Texts['chat'] = {
  log: 'Gespräch',
  logHint: 'Mit den Pfeiltasten geht es von Nachricht zu Nachricht.',
  message: 'Nachricht',
  placeholder: 'Nachricht schreiben',
  hint: 'Enter sendet, Umschalt + Enter macht eine neue Zeile.',
  alone: 'Noch ist sonst niemand hier. Nachrichten werden nicht für später aufbewahrt.',
  aloneHandingOver: 'Noch ist sonst niemand hier.',
  send: 'Senden',
  left: units => plural(units, { one: 'noch # Zeichen', other: 'noch # Zeichen' }),
  you: 'Du',
  empty: 'Sag hallo.',
  reply: 'Antworten',
  react: 'Reagieren',
  replyingTo: name => `Antwort an ${name}`,
  replyingToSelf: 'Antwort an dich selbst',
  cancelReply: 'Doch nicht antworten',
  quoted: name => `Als Antwort an ${name}:`,
  earlier: 'Antwort auf eine frühere Nachricht',
  emoji: 'Emoji',
  reaction: (sign, names) => `${sign} von ${names}`,
  unheard: 'Das hat noch niemand empfangen',
  told: name => `Bevor du kamst, laut ${name}`,
  sinceYouCame: 'Seit du hier bist',
  fresh: 'Neu',
  toLast: 'Zum Ende des Gesprächs',
  toEnd: count => plural(count, { one: '# neue Nachricht', other: '# neue Nachrichten' }),
  typing: names => {
    const [first, second] = names
    if (names.length > 2) return 'Mehrere schreiben …'
    return second === undefined ? `${first} schreibt …` : `${first} und ${second} schreiben …`
  },
}
