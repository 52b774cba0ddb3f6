/** Owns the Spanish words of the settings about connections. */
import type { Texts } from '../en.ts'

export const connection: Texts['connection'] = {
  relayOnly: 'Ocultar mi dirección tras un relé',
  relayOnlyHint:
    'Si no, los demás en una sala pueden ver tu dirección IP. Entonces todo pasa por un servidor TURN, que tarda más y no puede leerlo.',
  noRelay:
    'Para esto hace falta un servidor TURN. No hay ninguno indicado, ni por ti ni por este sitio, así que no llegarías a nadie.',
  relayFails:
    'Aún no se llega a nadie: ocultas tu dirección y por el servidor TURN no se logra ninguna conexión. Pruébalo en los ajustes.',
  own: 'Servidores STUN y TURN propios',
  ownHint: 'Se usan en lugar de los que da este sitio.',
  address: 'Dirección',
  addressHint: 'Empieza por stun:, turn: o turns:',
  noAddress: 'Esta no es la dirección de un servidor STUN o TURN. Sería como turn:turn.example.org:3478.',
  username: 'Nombre de usuario',
  credential: 'Contraseña',
  noAccount: 'Un servidor TURN pide nombre de usuario y contraseña.',
  add: 'Añadir servidor',
  remove: address => `Quitar ${address}`,
  attempt: 'Probar',
  tried: { trying: 'Preguntando…', yes: 'Responde.', no: 'No responde.' },
  fromNowOn: 'Vale para las conexiones que se hagan a partir de ahora.',
}
