/** Owns the German words about who can listen. */
import type { Texts } from '../en.ts'

export const safety: Texts['safety'] = {
  open: name => `Verbindung zu ${name}`,
  direct: 'Direkt, von Browser zu Browser.',
  relayed: 'Über ein Relais (TURN-Server), das weitergibt, was es nicht lesen kann.',
  code: 'Sicherheitscode',
  lead: 'Lest ihn einander vor, am Telefon oder persönlich. Ist er auf beiden Seiten gleich, sitzt niemand dazwischen.',
  differs: 'Unterscheiden sich die Codes, sitzt jemand dazwischen: Macht nicht weiter.',
  starHost:
    'In einem Stern gilt das für den Weg zwischen euch beiden. Was Gäste einander sagen, geht durch den Host.',
  viaHost: name =>
    `${name} erreichst du über den Host. Er gibt weiter, was ihr einander sagt, und könnte es lesen und ändern. Ein Code bürgt nur für deine Verbindung zum Host.`,
  noHttps: 'Diese Seite kam ohne HTTPS, ein Code würde also nichts beweisen.',
  none: 'Im Moment gibt es keine Verbindung.',
}
