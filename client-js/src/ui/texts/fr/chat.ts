/** Owns the French words of the conversation. */
import type { Texts } from '../en.ts'
import { plurals } from '../plural.ts'

const plural = plurals('fr')

export const chat: Texts['chat'] = {
  log: 'Conversation',
  logHint: 'Les flèches vont d’un message à l’autre.',
  message: 'Message',
  placeholder: 'Écrire un message',
  hint: 'Entrée envoie, Maj + Entrée passe à la ligne.',
  alone: 'Il n’y a encore personne d’autre. Les messages ne sont pas gardés pour plus tard.',
  aloneHandingOver: 'Il n’y a encore personne d’autre.',
  send: 'Envoyer',
  left: units => plural(units, { one: '# caractère restant', other: '# caractères restants' }),
  you: 'Vous',
  empty: 'Dites bonjour.',
  reply: 'Répondre',
  react: 'Réagir',
  replyingTo: name => `Réponse à ${name}`,
  replyingToSelf: 'Réponse à vous-même',
  cancelReply: 'Ne pas répondre',
  quoted: name => `En réponse à ${name} :`,
  earlier: 'En réponse à un message antérieur',
  emoji: 'Émojis',
  reaction: (sign, names) => `${sign} de ${names}`,
  unheard: 'Personne ne l’a encore reçu',
  told: name => `Avant votre arrivée, selon ${name}`,
  sinceYouCame: 'Depuis votre arrivée',
  fresh: 'Nouveau',
  toLast: 'Aller à la fin de la conversation',
  toEnd: count => plural(count, { one: '# nouveau message', other: '# nouveaux messages' }),
  typing: names => {
    const [first, second] = names
    if (names.length > 2) return 'Plusieurs personnes écrivent…'
    return second === undefined ? `${first} écrit…` : `${first} et ${second} écrivent…`
  },
}
