/** Owns the German words of the settings about connections. */
import type { Texts } from '../en.ts'

export const connection: Texts['connection'] = {
  relayOnly: 'Meine Adresse hinter einem Relais verbergen',
  relayOnlyHint:
    'Sonst können andere im Raum deine IP-Adresse sehen. Alles geht dann über einen TURN-Server; das dauert länger, und lesen kann er es nicht.',
  noRelay:
    'Dafür braucht es einen TURN-Server. Weder du noch diese Seite hat einen eingetragen, du würdest also niemanden erreichen.',
  relayFails:
    'Noch ist niemand zu erreichen: Du verbirgst deine Adresse, und über den TURN-Server kommt keine Verbindung zustande. Probiere ihn in den Einstellungen aus.',
  own: 'Eigene STUN- und TURN-Server',
  ownHint: 'Sie ersetzen die, die diese Seite vorgibt.',
  address: 'Adresse',
  addressHint: 'Beginnt mit stun:, turn: oder turns:',
  noAddress:
    'Das ist keine Adresse eines STUN- oder TURN-Servers. Sie sieht etwa so aus: turn:turn.example.org:3478.',
  username: 'Benutzername',
  credential: 'Passwort',
  noAccount: 'Ein TURN-Server braucht Benutzername und Passwort.',
  add: 'Server hinzufügen',
  remove: address => `${address} entfernen`,
  attempt: 'Testen',
  tried: { trying: 'Wird gefragt …', yes: 'Er antwortet.', no: 'Er antwortet nicht.' },
  fromNowOn: 'Gilt für Verbindungen, die ab jetzt entstehen.',
}
