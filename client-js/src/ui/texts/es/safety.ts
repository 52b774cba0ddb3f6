/** Owns the Spanish words about who can listen. */
import type { Texts } from '../en.ts'

export const safety: Texts['safety'] = {
  open: name => `Conexión con ${name}`,
  direct: 'Directa, de navegador a navegador.',
  relayed: 'A través de un relé (servidor TURN), que pasa lo que no puede leer.',
  code: 'Código de seguridad',
  lead: 'Léelo en voz alta a la otra persona, por teléfono o cara a cara. Si el código es el mismo en ambos lados, no hay nadie en medio.',
  differs: 'Si los códigos difieren, hay alguien en medio: no sigas.',
  starHost:
    'En una estrella esto vale para el camino entre esa persona y tú. Lo que los invitados se dicen pasa por el anfitrión.',
  viaHost: name =>
    `A ${name} se llega a través del anfitrión, que pasa sus mensajes y los tuyos, y podría leerlos y cambiarlos. Un código solo responde de tu conexión con el anfitrión.`,
  noHttps: 'Esta página ha llegado sin HTTPS, así que un código no probaría nada.',
  none: 'En este momento no hay conexión.',
}
