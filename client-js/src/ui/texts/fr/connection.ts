/** Owns the French words of the settings about connections. */
import type { Texts } from '../en.ts'

export const connection: Texts['connection'] = {
  relayOnly: 'Cacher mon adresse derrière un relais',
  relayOnlyHint:
    'Sinon, les autres dans un salon peuvent voir votre adresse IP. Tout passe alors par un serveur TURN, ce qui est plus lent, et qui ne peut rien lire.',
  noRelay:
    'Il faut pour cela un serveur TURN. Ni vous ni ce site n’en avez indiqué : vous ne joindriez personne.',
  relayFails:
    'Personne n’est encore joignable : vous cachez votre adresse, et aucune connexion ne passe par le serveur TURN. Essayez-le dans les réglages.',
  own: 'Vos propres serveurs STUN et TURN',
  ownHint: 'Ils remplacent ceux que ce site fournit.',
  address: 'Adresse',
  addressHint: 'Commence par stun:, turn: ou turns:',
  noAddress: 'Ce n’est pas l’adresse d’un serveur STUN ou TURN. Elle ressemble à turn:turn.example.org:3478.',
  username: 'Nom d’utilisateur',
  credential: 'Mot de passe',
  noAccount: 'Un serveur TURN demande un nom d’utilisateur et un mot de passe.',
  add: 'Ajouter le serveur',
  remove: address => `Supprimer ${address}`,
  attempt: 'Tester',
  tried: { trying: 'Test…', yes: 'Il répond.', no: 'Il ne répond pas.' },
  fromNowOn: 'Vaut pour les connexions établies à partir de maintenant.',
}
