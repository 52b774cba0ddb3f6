/** Owns the Spanish words of the conversation. */
import type { Texts } from '../en.ts'
import { plurals } from '../plural.ts'

const plural = plurals('es')

export const chat: Texts['chat'] = {
  log: 'Conversación',
  logHint: 'Las flechas van de mensaje en mensaje.',
  message: 'Mensaje',
  placeholder: 'Escribe un mensaje',
  hint: 'Intro envía, Mayús + Intro hace una línea nueva.',
  alone: 'Todavía no hay nadie más. Los mensajes no se guardan para después.',
  aloneHandingOver: 'Todavía no hay nadie más.',
  send: 'Enviar',
  left: units => plural(units, { one: 'queda # carácter', other: 'quedan # caracteres' }),
  you: 'Tú',
  empty: 'Di hola.',
  reply: 'Responder',
  react: 'Reaccionar',
  replyingTo: name => `Respuesta a ${name}`,
  replyingToSelf: 'Respuesta a ti',
  cancelReply: 'No responder',
  quoted: name => `En respuesta a ${name}:`,
  earlier: 'En respuesta a un mensaje anterior',
  emoji: 'Emoji',
  reaction: (sign, names) => `${sign} de ${names}`,
  unheard: 'Nadie lo ha recibido aún',
  told: name => `Antes de que llegaras, según ${name}`,
  sinceYouCame: 'Desde que llegaste',
  fresh: 'Nuevo',
  toLast: 'Ir al final de la conversación',
  toEnd: count => plural(count, { one: '# mensaje nuevo', other: '# mensajes nuevos' }),
  typing: names => {
    const [first, second] = names
    if (names.length > 2) return 'Varias personas están escribiendo…'
    return second === undefined ? `${first} está escribiendo…` : `${first} y ${second} están escribiendo…`
  },
}
